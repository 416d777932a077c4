// What the kernel knows of a file, as an archive keeps it.
#pragma once

#include <sys/stat.h>

#include <map>
#include <string>
#include <vector>

#include "io/file_meta.h"

namespace lifeboat {

// Names of owners, asked once each.
class OwnerNames {
 public:
  // Empty if the host knows no such id, as is usual for ids of containers.
  const std::string& user(uid_t uid);
  const std::string& group(gid_t gid);

 private:
  std::map<uid_t, std::string> users_;
  std::map<gid_t, std::string> groups_;
};

// Type, mode, owner and times; `status` must be of a regular file, a folder or a symbolic link.
FileMeta meta_from(const struct stat& status, std::string path, OwnerNames& owners);

using Xattrs = std::vector<std::pair<std::string, std::string>>;
// The extended attributes of an open file that this process may read, POSIX ACLs among them, sorted
// by name. `is_complete` becomes false if they exceed 1 MiB and the rest was left out.
Xattrs read_xattrs(int fd, bool& is_complete);

// The data runs of a file of `size` bytes, or nothing if it has no holes worth keeping. At most
// 4096 runs: small holes become data until they fit.
std::vector<Extent> read_extents(int fd, uint64_t size);

}  // namespace lifeboat
