#include "snapshot/run_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "base/clock.h"
#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/files.h"
#include "io/own_directory.h"
#include "snapshot/layout.h"

namespace lifeboat {
namespace {

// "process 1234, since 2026-05-07T02:00:00Z": the holder wrote its id when it started.
std::string holder(int fd, const std::string& path) {
  std::array<char, 32> text{};
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  const auto pid = printable(trim({text.data(), count > 0 ? static_cast<size_t>(count) : 0}));
  const struct stat status = stat_fd(fd, path, ErrorKind::locked);
  const auto since = Timestamp(std::chrono::seconds(status.st_mtim.tv_sec));
  return format("process {}, since {}", pid.empty() ? "unknown" : pid, print_time(since));
}

}  // namespace

RunLock::RunLock(const std::filesystem::path& directory, const std::string& host) {
  check_host(host);
  make_own_directory(directory, ErrorKind::config);
  const std::filesystem::path path = directory / (host + ".lock");
  fd_ = open_file(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0600, ErrorKind::config);
  while (::flock(fd_.get(), LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    if (reason == EINTR) continue;
    if (reason != EWOULDBLOCK) {
      throw system_error(ErrorKind::config, format("lock '{}'", path.native()), reason);
    }
    throw Error(ErrorKind::locked,
                format("start a run for host '{}': another one is under way ({})", host,
                       holder(fd_.get(), path.native())))
        .hint("Wait for it to end, or stop that process; the lock goes with it.");
  }
  if (::ftruncate(fd_.get(), 0) != 0) {
    throw system_error(ErrorKind::config, format("write '{}'", path.native()), errno);
  }
  write_fd(fd_.get(), as_bytes(format("{}\n", ::getpid())), path.native(), ErrorKind::config);
}

}  // namespace lifeboat
