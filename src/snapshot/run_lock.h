// One run a host at a time: flock(2), released by the kernel however the run ends.
#pragma once

#include <filesystem>
#include <string>

#include "io/fd.h"

namespace lifeboat {

// Held while it lives. Throws Error(locked) that names the holder's process id and its start, and
// Error(config) if the folder or file cannot be used.
class RunLock {
 public:
  // The folder is made if need be. The file `<directory>/<host>.lock` is made with mode 0600 and
  // never removed: a second run that still held a removed file would not exclude a third.
  RunLock(const std::filesystem::path& directory, const std::string& host);

 private:
  UniqueFd fd_;
};

}  // namespace lifeboat
