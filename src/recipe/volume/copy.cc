#include "recipe/volume/copy.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <map>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "recipe/volume/meta.h"
#include "recipe/volume/walk.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr size_t block_bytes = 1 << 20;

[[noreturn]] void fail(std::string_view attempted, const fs::path& path) {
  const int reason = errno;
  const bool is_full = reason == ENOSPC || reason == EDQUOT;
  throw system_error(is_full ? ErrorKind::limit : ErrorKind::service,
                     format("{} '{}'", attempted, printable(path.native())), reason);
}

std::array<timespec, 2> times_of(const struct stat& status) {
  return {status.st_atim, status.st_mtim};
}

// Owner first, since it clears setuid; the mode behind the attributes, which a file without write
// permission would not take; the time last.
void set_meta(int fd, int from_fd, const struct stat& status, const fs::path& path) {
  if (::geteuid() == 0 && ::fchown(fd, status.st_uid, status.st_gid) != 0) {
    fail("set the owner of", path);
  }
  bool is_complete = true;
  for (const auto& [name, value] : read_xattrs(from_fd, is_complete)) {
    if (::fsetxattr(fd, name.c_str(), value.data(), value.size(), 0) == 0) continue;
    const bool is_systems_own = !name.starts_with("user.");
    if (errno != ENOTSUP && errno != EPERM && !is_systems_own) fail("set an attribute of", path);
  }
  if (::fchmod(fd, status.st_mode & 07777) != 0) fail("set the mode of", path);
  if (::futimens(fd, times_of(status).data()) != 0) fail("set the time of", path);
}

void copy_run(int from, int to, Extent run, const fs::path& path) {
  Bytes block(static_cast<size_t>(std::min<uint64_t>(block_bytes, run.size)));
  while (run.size > 0) {
    const size_t ask = static_cast<size_t>(std::min<uint64_t>(block.size(), run.size));
    const ssize_t got = ::pread(from, block.data(), ask, static_cast<off_t>(run.offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("read", path);
    if (got == 0)
      throw Error(ErrorKind::service, format("read '{}': it ends early", path.native()));
    for (ssize_t done = 0; done < got;) {
      const ssize_t put = ::pwrite(to, block.data() + done, static_cast<size_t>(got - done),
                                   static_cast<off_t>(run.offset + static_cast<uint64_t>(done)));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) fail("write the copy of", path);
      done += put;
    }
    run.offset += static_cast<uint64_t>(got);
    run.size -= static_cast<uint64_t>(got);
  }
}

void copy_link(const fs::path& from, const fs::path& to, const struct stat& status) {
  std::error_code error;
  const fs::path target = fs::read_symlink(from, error);
  if (error || ::symlink(target.c_str(), to.c_str()) != 0) fail("copy the link", from);
  if (::geteuid() == 0 && ::lchown(to.c_str(), status.st_uid, status.st_gid) != 0) {
    fail("set the owner of", to);
  }
  if (::utimensat(AT_FDCWD, to.c_str(), times_of(status).data(), AT_SYMLINK_NOFOLLOW) != 0) {
    fail("set the time of", to);
  }
}

void copy_file(const fs::path& from, const fs::path& to, const struct stat& status) {
  const UniqueFd source = open_file(from, O_RDONLY | O_NOFOLLOW);
  const UniqueFd target = open_file(to, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);
  // Where the filesystem can share blocks, a copy costs nothing.
  if (::ioctl(target.get(), FICLONE, source.get()) != 0) {
    const auto size = static_cast<uint64_t>(status.st_size);
    for (const Extent& run : read_extents(source.get(), size)) {
      copy_run(source.get(), target.get(), run, from);
    }
    if (::ftruncate(target.get(), status.st_size) != 0) fail("write", to);
  }
  set_meta(target.get(), source.get(), status, to);
}

}  // namespace

void RestoredCopy::copy(const fs::path& from, const fs::path& to) {
  struct stat status {};
  if (::lstat(from.c_str(), &status) != 0) fail("look at", from);
  copy_one(from, to, status);
  if (!S_ISDIR(status.st_mode)) return;
  std::vector<std::string> folders{""};
  TreeWalk walk(from, {}, stop_);
  while (const std::optional<TreeEntry> entry = walk.next()) {
    copy_one(from / entry->path, to / entry->path, entry->status);
    if (S_ISDIR(entry->status.st_mode)) folders.push_back(entry->path);
  }
  if (!walk.notes().list().empty()) {
    throw Error(ErrorKind::service,
                format("copy '{}': {}", from.native(), walk.notes().list().front()));
  }
  // From the innermost: what is made in a folder changes its time.
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    const UniqueFd source = open_file(from / *folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    const UniqueFd target = open_file(to / *folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    set_meta(target.get(), source.get(), stat_fd(source.get(), from.native()), to / *folder);
  }
}

void RestoredCopy::copy_one(const fs::path& from, const fs::path& to, const struct stat& status) {
  if (S_ISDIR(status.st_mode)) {
    if (::mkdir(to.c_str(), 0700) != 0) fail("make folder", to);
  } else if (S_ISLNK(status.st_mode)) {
    copy_link(from, to, status);
  } else if (S_ISREG(status.st_mode) && !is_linked(to, status)) {
    copy_file(from, to, status);
  }
}

// Another name of a file that was copied.
bool RestoredCopy::is_linked(const fs::path& to, const struct stat& status) {
  if (status.st_nlink < 2) return false;
  const auto [first, is_new] = linked_.try_emplace({status.st_dev, status.st_ino}, to);
  if (is_new) return false;
  if (::link(first->second.c_str(), to.c_str()) != 0) fail("make the link", to);
  return true;
}

}  // namespace lifeboat
