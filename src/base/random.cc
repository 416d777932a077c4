#include "base/random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/error.h"

namespace lifeboat {

void SystemRandom::fill(ByteSpan target) {
  while (!target.empty()) {
    const ssize_t got = ::getrandom(target.data(), target.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      throw system_error(ErrorKind::crypto, "get random bytes from the kernel", errno);
    }
    target = target.subspan(static_cast<size_t>(got));
  }
}

std::string random_hex(Random& random, size_t bytes) {
  Bytes buffer(bytes);
  random.fill(buffer);
  return hex_encode(buffer);
}

}  // namespace lifeboat
