// Entropy, injectable.
#pragma once

#include <string>

#include "base/bytes.h"

namespace lifeboat {

class Random {
 public:
  virtual ~Random() = default;
  // Fills all of `target` or throws.
  virtual void fill(ByteSpan target) = 0;
};

// The kernel's CSPRNG by getrandom(2). Any thread.
class SystemRandom final : public Random {
 public:
  void fill(ByteSpan target) override;
};

// `bytes` random bytes as lower-case hex, for names that must not collide.
std::string random_hex(Random& random, size_t bytes);

}  // namespace lifeboat
