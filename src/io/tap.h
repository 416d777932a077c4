// Numbers read out of the pass that moved the bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "crypto/hash.h"
#include "io/sink.h"
#include "io/source.h"

namespace lifeboat {

// What a tap saw.
struct StreamSummary {
  uint64_t bytes = 0;
  std::string sha256;  // lower-case hex
  friend bool operator==(const StreamSummary&, const StreamSummary&) = default;
};

// Counts and hashes what passes on to `next`. `summary` once finished.
class TapSink final : public Sink {
 public:
  explicit TapSink(Sink& next) : next_(next) {}
  const StreamSummary& summary() const;
  uint64_t bytes_so_far() const { return summary_.bytes; }
  // From now on what passes goes into this one too, for less than the price of two; null: no more.
  // Borrowed.
  void hash_also(Sha256* other) { other_ = other; }

 private:
  void do_write(ByteView data) override;
  void do_finish() override;

  Sink& next_;
  Sha256 hash_;
  Sha256* other_ = nullptr;
  StreamSummary summary_;
};

// Counts and hashes what is read through it. `summary` once the end was reached.
class TapSource final : public Source {
 public:
  explicit TapSource(Source& inner) : inner_(inner) {}
  size_t read(ByteSpan target) override;
  bool at_end() const { return at_end_; }
  const StreamSummary& summary() const;
  uint64_t bytes_so_far() const { return summary_.bytes; }

 private:
  Source& inner_;
  Sha256 hash_;
  StreamSummary summary_;
  bool at_end_ = false;
};

// Called with each number of bytes that passed, for progress and limits; may throw to stop.
using ProgressFn = std::function<void(uint64_t bytes)>;

}  // namespace lifeboat
