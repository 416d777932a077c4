// Where bytes come from.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/bytes.h"

namespace lifeboat {

// A stream of bytes, read once. One thread at a time.
//
// 0 means the true end, for ever after. A stream that cannot be read to its true end throws: there
// is no other way for it to stop early, so a short read can never look like an end.
class Source {
 public:
  virtual ~Source() = default;
  // Reads 1..target.size() bytes, or returns 0 at the end. `target` must not be empty.
  virtual size_t read(ByteSpan target) = 0;
};

// Random access to bytes that do not change. One thread at a time.
class RandomAccess {
 public:
  virtual ~RandomAccess() = default;
  virtual uint64_t size() const = 0;
  // Fills all of `target` from `offset`; throws if that is beyond the end.
  virtual void read_at(uint64_t offset, ByteSpan target) = 0;
};

// Bytes held in memory.
class MemorySource final : public Source {
 public:
  explicit MemorySource(Bytes bytes) : bytes_(std::move(bytes)) {}
  explicit MemorySource(std::string_view text) : bytes_(to_bytes(text)) {}
  size_t read(ByteSpan target) override;

 private:
  Bytes bytes_;
  size_t position_ = 0;
};

class MemoryAccess final : public RandomAccess {
 public:
  explicit MemoryAccess(Bytes bytes) : bytes_(std::move(bytes)) {}
  uint64_t size() const override { return bytes_.size(); }
  void read_at(uint64_t offset, ByteSpan target) override;

 private:
  Bytes bytes_;
};

// `size` zero bytes.
class ZeroSource final : public Source {
 public:
  explicit ZeroSource(uint64_t size) : left_(size) {}
  size_t read(ByteSpan target) override;

 private:
  uint64_t left_;
};

// Reads until `target` is full or the end; returns how many bytes were read.
size_t read_full(Source& source, ByteSpan target);
// Reads to the end; throws Error(limit) naming `what` beyond `size_max` bytes.
Bytes read_all(Source& source, uint64_t size_max, std::string_view what);

}  // namespace lifeboat
