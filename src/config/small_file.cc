#include "config/small_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

SmallFile read_small_file(const std::filesystem::path& path, size_t bytes_max) {
  const std::string name = printable(path.native());
  // Non-blocking, so that a named pipe is refused below and not waited for.
  const Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  const int open_error = errno;
  struct stat status {};
  if (fd.get() < 0) throw system_error(ErrorKind::config, format("open '{}'", name), open_error);
  if (::fstat(fd.get(), &status) != 0) {
    throw system_error(ErrorKind::config, format("stat '{}'", name), errno);
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error(ErrorKind::config, format("read '{}': it is not a regular file", name));
  }
  SmallFile file;
  file.mode = status.st_mode & 07777U;
  file.is_ours = status.st_uid == ::geteuid() || status.st_uid == 0;
  // One byte more than there should be, all at once: growing would leave copies of secrets behind.
  file.text.resize(std::min(static_cast<size_t>(status.st_size), bytes_max) + 1);
  size_t filled = 0;
  while (filled < file.text.size()) {
    const ssize_t got = ::read(fd.get(), file.text.data() + filled, file.text.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) throw system_error(ErrorKind::config, format("read '{}'", name), errno);
    if (got == 0) break;
    filled += static_cast<size_t>(got);
  }
  if (filled == file.text.size()) {
    throw Error(ErrorKind::config,
                filled > bytes_max
                    ? format("read '{}': it is larger than {}", name, print_bytes(bytes_max))
                    : format("read '{}': it grew while it was read", name));
  }
  file.text.resize(filled);
  return file;
}

std::string secrecy_fault(const SmallFile& file) {
  if ((file.mode & 077U) != 0) {
    return format("its mode is {:04o}, so that others can read or change it", file.mode);
  }
  return file.is_ours ? "" : "it belongs to another user";
}

}  // namespace lifeboat
