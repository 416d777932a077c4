// Encryption of a scratch file that is read at random: AES-256-CTR under a throw-away key, where
// the position in the file is the counter.
//
// It hides and does not authenticate: the file has no name and dies with the key, so nobody can
// have changed it. No position may be written twice with different bytes: that would give away the
// difference of the two.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/random.h"

namespace lifeboat {

// One thread at a time. The key is drawn at construction and lives in locked memory.
class OffsetCipher {
 public:
  explicit OffsetCipher(Random& random);
  ~OffsetCipher();
  OffsetCipher(const OffsetCipher&) = delete;
  OffsetCipher& operator=(const OffsetCipher&) = delete;

  // Encrypts, or decrypts, `source` that lies at `offset` of the file into `target` (same size; the
  // same memory is allowed).
  void apply(uint64_t offset, ByteView source, ByteSpan target);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat
