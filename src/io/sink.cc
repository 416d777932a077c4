#include "io/sink.h"

#include "base/error.h"

namespace lifeboat {

template <typename Step>
void Sink::guarded(Step&& step) {
  if (state_ == State::failed) std::rethrow_exception(failure_);
  ensure(state_ == State::open, "a finished sink is not used again");
  try {
    step();
  } catch (...) {
    state_ = State::failed;
    failure_ = std::current_exception();
    throw;
  }
}

void Sink::write(ByteView data) {
  if (data.empty() && state_ == State::open) return;
  guarded([&] { do_write(data); });
}

void Sink::finish() {
  guarded([&] {
    do_finish();
    state_ = State::finished;
  });
}

}  // namespace lifeboat
