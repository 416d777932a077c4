// A folder that nothing gets out of: every path is resolved by the kernel below it and through no
// symbolic link. Private to this folder.
//
// openat2(2), Linux 5.6, and not checks of our own before the call: what the kernel resolves while
// opening cannot be exchanged in between.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "io/fd.h"

namespace lifeboat::tar {

class Beneath {
 public:
  explicit Beneath(const std::filesystem::path& root);

  // Where a path's last component lives; `fd` stays the tree's and holds until the next call.
  struct Place {
    int fd;
    std::string leaf;
  };
  // Missing folders on the way are made (0755). Throws Error(verification) for a path that could
  // lead elsewhere or goes through what is no folder.
  Place place(const std::string& path);
  // An existing folder, for reading.
  UniqueFd open_folder(const std::string& path);
  // Throws what `error_number` means for "<attempted> '<path>'": Error(limit) when space is short,
  // Error(verification) otherwise.
  [[noreturn]] void fail(std::string_view attempted, std::string_view path, int error_number) const;

 private:
  UniqueFd walk(const std::string& folder);

  std::string root_name_;
  UniqueFd root_;
  // The last place, as members mostly come folder by folder.
  std::string cached_folder_;
  UniqueFd cached_fd_;
};

}  // namespace lifeboat::tar
