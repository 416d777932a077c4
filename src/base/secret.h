// Key material and passwords: kept out of swap, core dumps, logs and copies.
#pragma once

#include <string_view>

#include "base/bytes.h"

namespace lifeboat {

// Overwrites memory in a way the optimizer keeps.
void wipe(ByteSpan memory) noexcept;

// A fixed-size block of secret bytes in its own locked, non-dumpable pages; wiped on destruction.
// Movable, not copyable (use `clone`). Locking is best effort: RLIMIT_MEMLOCK may forbid it.
class Secret {
 public:
  Secret() = default;
  explicit Secret(size_t size);
  explicit Secret(ByteView value);
  explicit Secret(std::string_view value) : Secret(as_bytes(value)) {}
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret&& other) noexcept;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;
  ~Secret();

  Secret clone() const { return Secret(view()); }
  ByteView view() const { return {data_, size_}; }
  ByteSpan span() { return {data_, size_}; }
  // The value as text. Hand it to a library call, never to a log or a longer-lived string.
  std::string_view reveal() const { return as_text(view()); }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  // Shortens the value; the cut-off bytes are wiped.
  void truncate(size_t size);

 private:
  void release() noexcept;

  std::byte* data_ = nullptr;
  size_t size_ = 0;
  size_t mapped_bytes_ = 0;
};

}  // namespace lifeboat
