#include "io/no_links.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "io/read_at.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr int links_max = 40;  // as the kernel has it

// The parts of `path`, in reverse order, onto those that are still to go.
void put_parts(std::vector<std::string>& left, const fs::path& path) {
  const std::vector<std::string> parts = split(path.native(), '/');
  left.insert(left.end(), parts.rbegin(), parts.rend());
}

}  // namespace

UniqueFd open_without_links(const fs::path& path, int flags, mode_t mode) noexcept {
  constexpr int always = O_NOFOLLOW | O_CLOEXEC;
  const char* rest = path.c_str();
  UniqueFd folder;
  if (*rest == '/') folder = UniqueFd(::open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  std::string part;
  for (;;) {
    while (*rest == '/') ++rest;
    const std::string_view left = rest;
    const size_t slash = left.find('/');
    const int below = folder ? folder.get() : AT_FDCWD;
    if (left.empty()) return UniqueFd(::openat(below, ".", flags | always, mode));
    if (slash == std::string_view::npos || left.find_first_not_of('/', slash) == left.npos) {
      return UniqueFd(
          ::openat(below, std::string(left.substr(0, slash)).c_str(), flags | always, mode));
    }
    part = left.substr(0, slash);
    folder = UniqueFd(::openat(below, part.c_str(), O_PATH | O_DIRECTORY | always));
    if (!folder) return folder;
    rest += slash;
  }
}

std::string read_file_without_links(const fs::path& path, uint64_t size_max, ErrorKind kind) {
  const std::string name = printable(path.native());
  UniqueFd fd = open_without_links(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (!fd) throw system_error(kind, format("open '{}'", name), errno);
  return read_regular_file(std::move(fd), name, size_max, kind);
}

fs::path trusted_path(const fs::path& path, ErrorKind kind) {
  fs::path at = "/";
  std::vector<std::string> left;
  // As everywhere: the folder of a plain name is the empty path.
  put_parts(left, fs::absolute(path.empty() ? "." : path));
  int links = 0;
  while (!left.empty()) {
    const std::string part = std::move(left.back());
    left.pop_back();
    if (part.empty() || part == ".") continue;
    if (part == "..") {
      at = at.parent_path();
      continue;
    }
    at /= part;
    struct stat status {};
    if (::lstat(at.c_str(), &status) != 0 || !S_ISLNK(status.st_mode)) continue;
    const std::string name = printable(at.native());
    if (status.st_uid != 0 && status.st_uid != ::geteuid()) {
      throw Error(kind, format("open '{}': '{}' is a symbolic link of user {}",
                               printable(path.native()), name, status.st_uid))
          .hint(
              "Only links that root or the user of the backup made are followed: name the path "
              "that it leads to.");
    }
    if (++links > links_max) throw system_error(kind, format("open '{}'", name), ELOOP);
    std::error_code error;
    const fs::path target = fs::read_symlink(at, error);
    if (error) throw system_error(kind, format("read the link '{}'", name), error.value());
    at = target.is_absolute() ? fs::path("/") : at.parent_path();
    put_parts(left, target);
  }
  return at;
}

}  // namespace lifeboat
