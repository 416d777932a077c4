// Restored files put onto the filesystem where they shall live, with all that an archive keeps of
// them: owners, modes, times, extended attributes, links, holes.
#pragma once

#include <sys/stat.h>

#include <filesystem>
#include <map>
#include <utility>

#include "base/stop.h"

namespace lifeboat {

class RestoredCopy {
 public:
  explicit RestoredCopy(StopToken stop) : stop_(std::move(stop)) {}
  // Copies the file, folder or link `from` to `to`, which must not be there and lies in a private
  // folder. Hard links among all that one object copies stay links. Owners are kept by root only.
  // Throws Error(service), Error(limit) if the disk is full; what was copied until then stays.
  void copy(const std::filesystem::path& from, const std::filesystem::path& to);

 private:
  void copy_one(const std::filesystem::path& from, const std::filesystem::path& to,
                const struct stat& status);
  bool is_linked(const std::filesystem::path& to, const struct stat& status);

  StopToken stop_;
  std::map<std::pair<dev_t, ino_t>, std::filesystem::path> linked_;  // by what was copied
};

}  // namespace lifeboat
