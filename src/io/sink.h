// Where bytes go.
//
// A stream has two ends: `finish()`, which makes the result real, or abandonment, which leaves
// nothing. Destructors only abandon: one that finished would turn an exception into a well-formed,
// short artifact.
#pragma once

#include <exception>
#include <string>

#include "base/bytes.h"

namespace lifeboat {

// One thread at a time. A sink that writes on to another holds a reference to it and finishes only
// itself; a Pipeline owns the chain and finishes it from the outermost inwards.
class Sink {
 public:
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;
  // Abandons unless finished; never throws.
  virtual ~Sink() = default;

  // Takes all of `data` or throws. After a failure every later call throws the same error.
  void write(ByteView data);
  // Once, after the last write. A second call, or a write after it, is a Bug.
  void finish();
  bool is_finished() const { return state_ == State::finished; }

 protected:
  virtual void do_write(ByteView data) = 0;
  virtual void do_finish() = 0;

 private:
  enum class State { open, finished, failed };
  template <typename Step>
  void guarded(Step&& step);

  State state_ = State::open;
  std::exception_ptr failure_;
};

class MemorySink final : public Sink {
 public:
  const Bytes& bytes() const { return bytes_; }
  std::string_view text() const { return as_text(bytes_); }
  Bytes take() { return std::move(bytes_); }

 private:
  void do_write(ByteView data) override { bytes_.insert(bytes_.end(), data.begin(), data.end()); }
  void do_finish() override {}

  Bytes bytes_;
};

// Takes everything and keeps nothing.
class NullSink final : public Sink {
 private:
  void do_write(ByteView) override {}
  void do_finish() override {}
};

}  // namespace lifeboat
