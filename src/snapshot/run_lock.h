// One run a host at a time: flock(2), released by the kernel however the run ends.
#pragma once

#include <filesystem>
#include <string>

#include "io/fd.h"

namespace lifeboat {

// Held while it lives. Throws Error(locked) that names the holder's process id.
class RunLock {
 public:
  // The file `<directory>/<host>.lock` is made with mode 0600 and never removed.
  RunLock(const std::filesystem::path& directory, const std::string& host);

 private:
  UniqueFd fd_;
};

}  // namespace lifeboat
