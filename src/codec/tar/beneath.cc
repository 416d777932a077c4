#include "codec/tar/beneath.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/format.h"
#include "base/text.h"
#include "codec/tar/tar.h"

namespace lifeboat::tar {
namespace {

// Invalid, with errno set, when it cannot be opened.
UniqueFd open_beneath(int folder_fd, const std::string& path, uint64_t flags) {
  open_how how{};
  how.flags = flags | O_CLOEXEC | O_NOFOLLOW;
  how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS;
  for (;;) {
    const long fd = ::syscall(SYS_openat2, folder_fd, path.c_str(), &how, sizeof how);
    // EAGAIN: something was renamed meanwhile, and the kernel could not be sure.
    if (fd >= 0 || (errno != EINTR && errno != EAGAIN)) return UniqueFd(static_cast<int>(fd));
  }
}

void check_path(std::string_view path) {
  const auto refuse_path = [&](std::string_view why) {
    throw Error(ErrorKind::verification,
                format("extract '{}': {}", printable(path.substr(0, 500)), why));
  };
  if (path.size() > path_bytes_max) refuse_path("the path is too long");
  if (path.find('\0') != path.npos) refuse_path("the path holds a zero byte");
  if (path.starts_with('/')) refuse_path("the path is absolute");
  for (size_t from = 0; from <= path.size();) {
    const size_t slash = std::min(path.find('/', from), path.size());
    const std::string_view component = path.substr(from, slash - from);
    if (component.empty()) refuse_path("the path has an empty component");
    if (component == "." || component == "..") refuse_path("the path has a '.' or '..' component");
    from = slash + 1;
  }
}

}  // namespace

Beneath::Beneath(const std::filesystem::path& root)
    : root_name_(root.native()),
      root_(open_file(root, O_PATH | O_DIRECTORY, 0, ErrorKind::limit)) {}

Beneath::Place Beneath::place(const std::string& path) {
  check_path(path);
  const size_t slash = path.rfind('/');
  if (slash == path.npos) return {root_.get(), path};
  const std::string folder = path.substr(0, slash);
  if (!cached_fd_ || folder != cached_folder_) {
    UniqueFd fd = open_beneath(root_.get(), folder, O_PATH | O_DIRECTORY);
    if (!fd) {
      if (errno != ENOENT && errno != ENAMETOOLONG) fail("extract", path, errno);
      fd = walk(folder);
    }
    cached_fd_ = std::move(fd);
    cached_folder_ = folder;
  }
  return {cached_fd_.get(), path.substr(slash + 1)};
}

// One component at a time: makes what is missing, and knows no limit on a path's length.
UniqueFd Beneath::walk(const std::string& folder) {
  UniqueFd at;
  for (const std::string& component : split(folder, '/')) {
    const int parent = at ? at.get() : root_.get();
    if (::mkdirat(parent, component.c_str(), 0755) != 0 && errno != EEXIST) {
      fail("create folder", folder, errno);
    }
    UniqueFd next = open_beneath(parent, component, O_PATH | O_DIRECTORY);
    if (!next) fail("open folder", folder, errno);
    at = std::move(next);
  }
  return at;
}

UniqueFd Beneath::open_folder(const std::string& path) {
  const Place at = place(path);
  UniqueFd fd = open_beneath(at.fd, at.leaf, O_RDONLY | O_DIRECTORY);
  if (!fd) fail("open folder", path, errno);
  return fd;
}

void Beneath::fail(std::string_view attempted, std::string_view path, int error_number) const {
  // The machine's trouble, which must not be laid at the archive's door.
  const auto limits = {ENOSPC, EDQUOT, EFBIG, EIO, EROFS, EMFILE, ENFILE, ENOMEM};
  const bool is_limit = std::find(limits.begin(), limits.end(), error_number) != limits.end();
  const std::string what =
      format("{} '{}' in '{}'", attempted, printable(path.substr(0, 500)), root_name_);
  if (error_number == ELOOP || error_number == ENOTDIR || error_number == EXDEV) {
    throw Error(ErrorKind::verification,
                format("{}: the path goes through what is no folder of the archive", what))
        .hint("The archive is damaged or was made to write elsewhere; do not trust it.");
  }
  Error error =
      system_error(is_limit ? ErrorKind::limit : ErrorKind::verification, what, error_number);
  if (error_number == ENOSYS) error.add_hint("This needs Linux 5.6 or newer (openat2).");
  throw error;
}

}  // namespace lifeboat::tar
