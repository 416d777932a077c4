#include "base/stop.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>

#include "base/error.h"

namespace lifeboat {

struct detail::StopState {
  StopState() : fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd < 0) throw system_error(ErrorKind::limit, "create an eventfd", errno);
  }
  ~StopState() { ::close(fd); }
  StopState(const StopState&) = delete;
  StopState& operator=(const StopState&) = delete;

  std::atomic<bool> stopped = false;
  int fd;
};

bool StopToken::stop_requested() const noexcept { return state_ && state_->stopped.load(); }

void StopToken::throw_if_stopped() const {
  if (stop_requested()) throw Interrupted();
}

int StopToken::fd() const noexcept { return state_ ? state_->fd : -1; }

StopSource::StopSource() : state_(std::make_shared<detail::StopState>()) {}

void StopSource::request_stop() noexcept {
  state_->stopped.store(true);
  const uint64_t one = 1;
  // The flag is what counts; a full counter is readable all the same.
  [[maybe_unused]] const ssize_t written = ::write(state_->fd, &one, sizeof one);
}

}  // namespace lifeboat
