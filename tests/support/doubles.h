// Stand-ins for time, entropy and misbehaving streams.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "io/sink.h"
#include "io/source.h"

namespace lifeboat::test {

// Stands still until told; sleeping moves it on at once. Any thread.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(std::string_view utc = "2026-05-07T02:00:00Z") : now_(parse_time(utc)) {}
  Timestamp now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  std::chrono::steady_clock::time_point steady_now() const override {
    const std::lock_guard lock(mutex_);
    return steady_;
  }
  void sleep(std::chrono::nanoseconds duration, const StopToken& stop) override {
    stop.throw_if_stopped();
    advance(duration);
  }
  void set(std::string_view utc) {
    const std::lock_guard lock(mutex_);
    now_ = parse_time(utc);
  }
  void advance(std::chrono::nanoseconds by) {
    const std::lock_guard lock(mutex_);
    now_ += by;
    steady_ += by;
  }

 private:
  mutable std::mutex mutex_;
  Timestamp now_;
  std::chrono::steady_clock::time_point steady_{};
};

// Repeatable bytes (SplitMix64): never for keys outside tests.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed = 1) : state_(seed) {}
  void fill(ByteSpan target) override;
  uint64_t next();
  // 0..bound-1
  uint64_t below(uint64_t bound) { return next() % bound; }
  // `size` bytes that hardly compress.
  Bytes bytes(size_t size);
  // `size` bytes that compress about as well as JSON.
  Bytes text_bytes(size_t size);

 private:
  uint64_t state_;
};

// Gives at most `step` bytes a read; 0 means a random step. Throws Error(service) after `fail_at`.
class SteppedSource final : public Source {
 public:
  SteppedSource(Bytes bytes, size_t step, uint64_t seed = 1)
      : bytes_(std::move(bytes)), step_(step), random_(seed) {}
  SteppedSource& fail_at(size_t offset) {
    fail_at_ = offset;
    return *this;
  }
  size_t read(ByteSpan target) override;

 private:
  Bytes bytes_;
  size_t step_;
  SeededRandom random_;
  size_t position_ = 0;
  size_t fail_at_ = SIZE_MAX;
};

// Fails at the k-th write (from 1) or at finish (k = 0).
class FailingSink final : public Sink {
 public:
  explicit FailingSink(size_t fail_at_write) : fail_at_(fail_at_write) {}
  size_t writes() const { return writes_; }

 private:
  void do_write(ByteView data) override;
  void do_finish() override;

  size_t fail_at_;
  size_t writes_ = 0;
};

// Reads all of `source` with buffers of `step` bytes (0: random sizes up to 100000).
Bytes drain(Source& source, size_t step = 65536);
// The Error that `body` throws; a test failure if it throws none.
std::string error_text(const std::function<void()>& body);

}  // namespace lifeboat::test
