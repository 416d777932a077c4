// What is known of a file besides its bytes: shared by recipes (which read trees) and tar (which
// writes them), neither of which may know the other.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"

namespace lifeboat {

enum class FileType { file, directory, symlink, hardlink };

// A run of data in a sparse file; what lies between runs is zeros.
struct Extent {
  uint64_t offset = 0;
  uint64_t size = 0;
  friend bool operator==(const Extent&, const Extent&) = default;
};

// Paths and names are bytes as the kernel gives them, not necessarily UTF-8.
struct FileMeta {
  std::string path;  // relative, '/'-separated, no leading, trailing or double slash
  FileType type = FileType::file;
  uint32_t mode = 0600;  // permission bits with setuid, setgid and sticky
  uint64_t uid = 0;
  uint64_t gid = 0;
  std::string user;  // names may be empty
  std::string group;
  Timestamp mtime{};
  std::string link_target;  // symlink: as stored; hardlink: path of an earlier member
  std::vector<std::pair<std::string, std::string>> xattrs;
  // Data runs, ascending and disjoint, when `is_sparse`; the apparent size is told elsewhere.
  bool is_sparse = false;
  std::vector<Extent> extents;
  friend bool operator==(const FileMeta&, const FileMeta&) = default;
};

// The bytes that an archive holds for a file of `apparent_size`: those of its extents if sparse.
inline uint64_t stored_size(const FileMeta& meta, uint64_t apparent_size) {
  if (!meta.is_sparse) return apparent_size;
  uint64_t stored = 0;
  for (const Extent& extent : meta.extents) stored += extent.size;
  return stored;
}

}  // namespace lifeboat
