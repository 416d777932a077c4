#include "cli/files.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/files.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;

// A text has no control characters besides white space and escape (colours of a stored log).
bool is_binary(ByteView data) {
  return std::any_of(data.begin(), data.end(), [](std::byte byte) {
    const auto value = std::to_integer<unsigned>(byte);
    return value < 0x20 && !(value >= 0x08 && value <= 0x0D) && value != 0x1B;
  });
}

}  // namespace

bool is_stream(std::string_view path) { return path.empty() || path == standard_stream; }

std::string display_name(const std::string& path) {
  return is_stream(path) ? "standard input" : printable(path);
}

InputFile::InputFile(const std::string& path, StopToken stop, ErrorKind kind)
    : stop_(std::move(stop)), name_(display_name(path)), kind_(kind) {
  if (is_stream(path)) {
    fd_ = STDIN_FILENO;
    return;
  }
  owned_fd_ = open_file(path, O_RDONLY, 0, kind);
  fd_ = owned_fd_.get();
}

size_t InputFile::read(ByteSpan target) {
  for (;;) {
    std::array<pollfd, 2> waits{{{fd_, POLLIN, 0}, {stop_.fd(), POLLIN, 0}}};
    (void)::poll(waits.data(), waits.size(), -1);
    stop_.throw_if_stopped();
    if (waits[0].revents == 0) continue;
    const ssize_t count = ::read(fd_, target.data(), target.size());
    if (count >= 0) return static_cast<size_t>(count);
    const int reason = errno;
    if (reason != EINTR) {
      throw system_error(kind_, format("read '{}'", name_), reason);
    }
  }
}

size_t PeekSource::read(ByteSpan target) {
  if (given_ == head_.size()) return inner_.read(target);
  const size_t count = std::min(target.size(), head_.size() - given_);
  std::copy_n(head_.begin() + static_cast<std::ptrdiff_t>(given_), count, target.begin());
  given_ += count;
  return count;
}

Sink& OutputFile::target() {
  if (target_) return *target_;
  struct stat status {};
  const bool exists = ::stat(path_.c_str(), &status) == 0;
  if (exists && S_ISDIR(status.st_mode)) {
    throw Error(ErrorKind::usage, format("write '{}': it is a folder", path_.native()));
  }
  if (exists && !S_ISREG(status.st_mode)) {
    fd_ = open_file(path_, O_WRONLY, 0, ErrorKind::limit);
    target_ = std::make_unique<FdSink>(fd_.get(), path_.native(), ErrorKind::limit);
    return *target_;
  }
  const fs::path folder = path_.has_parent_path() ? path_.parent_path() : fs::path(".");
  std::error_code ignored;
  if (!fs::is_directory(folder, ignored)) {
    throw Error(ErrorKind::usage,
                format("write '{}': there is no folder '{}'", path_.native(), folder.native()));
  }
  const AtomicFileOptions options{
      .mode = exists ? status.st_mode & 07777 : 0600, .replace = true, .kind = ErrorKind::limit};
  // A link to a file stays a link.
  const fs::path place = exists ? fs::canonical(path_) : path_;
  target_ = std::make_unique<AtomicFile>(place, random_, options);
  return *target_;
}

void TerminalGuard::do_write(ByteView data) {
  if (!is_checked_ && is_binary(data)) {
    throw Error(ErrorKind::usage, "refuse to write binary data to a terminal")
        .hint("Write to a file with -o FILE, or pipe it to another program.")
        .hint("Use -o - to do it all the same.");
  }
  is_checked_ = true;
  next_.write(data);
}

}  // namespace lifeboat::cli
