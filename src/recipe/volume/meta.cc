#include "recipe/volume/meta.h"

#include <grp.h>
#include <pwd.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

namespace lifeboat {
namespace {

constexpr size_t xattrs_bytes_max = 1024 * 1024;
constexpr size_t extents_max = 4096;
constexpr uint64_t hole_bytes_min = 4096;
constexpr size_t owner_buffer_bytes = 16 * 1024;

Timestamp time_from(const timespec& time) {
  // Times that nanoseconds in 64 bits cannot hold (beyond the year 2262) are cut, not wrapped.
  constexpr int64_t seconds_max = 9'200'000'000;
  const auto seconds = std::clamp<int64_t>(time.tv_sec, -seconds_max, seconds_max);
  return Timestamp(std::chrono::seconds(seconds) + std::chrono::nanoseconds(time.tv_nsec));
}

// Nothing if there are more than `extents_max` runs when holes below `hole_min` count as data.
std::optional<std::vector<Extent>> runs(int fd, uint64_t size, uint64_t hole_min) {
  std::vector<Extent> extents;
  uint64_t position = 0;
  while (position < size) {
    const off_t data = ::lseek(fd, static_cast<off_t>(position), SEEK_DATA);
    if (data < 0 || static_cast<uint64_t>(data) >= size) break;  // ENXIO: only a hole is left
    const off_t hole = ::lseek(fd, data, SEEK_HOLE);
    const auto begin = static_cast<uint64_t>(data);
    const uint64_t end = hole < 0 ? size : std::min(static_cast<uint64_t>(hole), size);
    if (end <= begin) break;
    if (!extents.empty() && begin - (extents.back().offset + extents.back().size) < hole_min) {
      extents.back().size = end - extents.back().offset;
    } else {
      if (extents.size() == extents_max) return std::nullopt;
      extents.push_back({begin, end - begin});
    }
    position = end;
  }
  return extents;
}

}  // namespace

const std::string& OwnerNames::user(uid_t uid) {
  const auto [found, is_new] = users_.try_emplace(uid);
  if (is_new) {
    std::array<char, owner_buffer_bytes> buffer;
    passwd entry{};
    passwd* result = nullptr;
    ::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &result);
    if (result != nullptr) found->second = result->pw_name;
  }
  return found->second;
}

const std::string& OwnerNames::group(gid_t gid) {
  const auto [found, is_new] = groups_.try_emplace(gid);
  if (is_new) {
    std::array<char, owner_buffer_bytes> buffer;
    ::group entry{};
    ::group* result = nullptr;
    ::getgrgid_r(gid, &entry, buffer.data(), buffer.size(), &result);
    if (result != nullptr) found->second = result->gr_name;
  }
  return found->second;
}

FileMeta meta_from(const struct stat& status, std::string path, OwnerNames& owners) {
  FileMeta meta;
  meta.path = std::move(path);
  meta.type = S_ISDIR(status.st_mode)   ? FileType::directory
              : S_ISLNK(status.st_mode) ? FileType::symlink
                                        : FileType::file;
  meta.mode = status.st_mode & 07777;
  meta.uid = status.st_uid;
  meta.gid = status.st_gid;
  meta.user = owners.user(status.st_uid);
  meta.group = owners.group(status.st_gid);
  meta.mtime = time_from(status.st_mtim);
  return meta;
}

Xattrs read_xattrs(int fd, bool& is_complete) {
  Xattrs all;
  const ssize_t names_size = ::flistxattr(fd, nullptr, 0);
  if (names_size <= 0) return all;  // none, or a filesystem that has no attributes
  std::string names(static_cast<size_t>(names_size), '\0');
  const ssize_t listed = ::flistxattr(fd, names.data(), names.size());
  if (listed <= 0) return all;
  names.resize(static_cast<size_t>(listed));
  size_t total = 0;
  for (size_t at = 0; at < names.size();) {
    const std::string name = names.c_str() + at;
    at += name.size() + 1;
    const ssize_t size = ::fgetxattr(fd, name.c_str(), nullptr, 0);
    if (size < 0) continue;  // removed since, or not for us to read
    std::string value(static_cast<size_t>(size), '\0');
    const ssize_t got = ::fgetxattr(fd, name.c_str(), value.data(), value.size());
    if (got < 0) continue;
    value.resize(static_cast<size_t>(got));
    total += name.size() + value.size();
    if (total > xattrs_bytes_max) {
      is_complete = false;
      break;
    }
    all.emplace_back(name, std::move(value));
  }
  std::sort(all.begin(), all.end());
  return all;
}

std::vector<Extent> read_extents(int fd, uint64_t size) {
  uint64_t hole_min = hole_bytes_min;
  std::optional<std::vector<Extent>> found = runs(fd, size, hole_min);
  while (!found) found = runs(fd, size, hole_min *= 16);
  return *std::move(found);
}

}  // namespace lifeboat
