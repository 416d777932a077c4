#include "io/fd.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/format.h"
#include "io/read_at.h"

namespace lifeboat {

void UniqueFd::reset() noexcept {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

UniqueFd open_file(const std::filesystem::path& path, int flags, mode_t mode, ErrorKind kind) {
  for (;;) {
    UniqueFd fd(::open(path.c_str(), flags | O_CLOEXEC, mode));
    if (fd) return fd;
    const int reason = errno;
    if (reason == EINTR) continue;
    throw system_error(kind, format("open '{}'", path.native()), reason);
  }
}

struct stat stat_fd(int fd, std::string_view name, ErrorKind kind) {
  struct stat status {};
  if (::fstat(fd, &status) != 0) throw system_error(kind, format("stat '{}'", name), errno);
  return status;
}

void write_fd(int fd, ByteView data, std::string_view name, ErrorKind kind) {
  while (!data.empty()) {
    const ssize_t written = ::write(fd, data.data(), data.size());
    if (written < 0) {
      const int reason = errno;
      if (reason == EINTR) continue;
      throw system_error(kind, format("write '{}'", name), reason);
    }
    data = data.subspan(static_cast<size_t>(written));
  }
}

size_t FdSource::read(ByteSpan target) {
  for (;;) {
    const ssize_t count = ::read(fd_.get(), target.data(), target.size());
    if (count >= 0) return static_cast<size_t>(count);
    const int reason = errno;
    if (reason == EINTR) continue;
    throw system_error(kind_, format("read '{}'", name_), reason);
  }
}

FileAccess::FileAccess(UniqueFd fd, std::string name, ErrorKind kind)
    : fd_(std::move(fd)),
      name_(std::move(name)),
      kind_(kind),
      size_(static_cast<uint64_t>(stat_fd(fd_.get(), name_, kind).st_size)) {}

void FileAccess::read_at(uint64_t offset, ByteSpan target) {
  const size_t filled = lifeboat::read_at(fd_.get(), offset, target, name_, kind_);
  if (filled < target.size()) {
    throw Error(kind_, format("read '{}' at {}: it ends before", name_, offset + filled));
  }
}

}  // namespace lifeboat
