// Cancellation: one source a process (signals) or a run; tokens are cheap copies.
#pragma once

#include <atomic>
#include <memory>

namespace lifeboat {

namespace detail {
struct StopState;
}

// Asked at every loop that may run long. Any thread. A default-made token never stops.
class StopToken {
 public:
  StopToken() = default;
  bool stop_requested() const noexcept;
  // Throws Interrupted once a stop was requested.
  void throw_if_stopped() const;
  // Becomes readable when a stop is requested, for poll(2); -1 for a token that never stops.
  int fd() const noexcept;

 private:
  friend class StopSource;
  explicit StopToken(std::shared_ptr<detail::StopState> state) : state_(std::move(state)) {}
  std::shared_ptr<detail::StopState> state_;
};

// `request_stop` is async-signal-safe.
class StopSource {
 public:
  StopSource();
  void request_stop() noexcept;
  StopToken token() const { return StopToken(state_); }

 private:
  std::shared_ptr<detail::StopState> state_;
};

}  // namespace lifeboat
