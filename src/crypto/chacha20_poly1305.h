// ChaCha20-Poly1305 (RFC 8439), by OpenSSL.
#pragma once

#include <array>
#include <memory>
#include <optional>

#include "base/bytes.h"
#include "base/secret.h"

namespace lifeboat {

// One key, many messages; no associated data. The caller never uses a nonce twice with a key. The
// cipher's context is made once, so that a stream of 64 KiB messages costs no setup. One thread at
// a time.
class ChaCha20Poly1305 {
 public:
  static constexpr size_t key_bytes = 32;
  static constexpr size_t nonce_bytes = 12;
  static constexpr size_t tag_bytes = 16;
  using Nonce = std::array<std::byte, nonce_bytes>;

  explicit ChaCha20Poly1305(ByteView key);
  ~ChaCha20Poly1305();
  ChaCha20Poly1305(ChaCha20Poly1305&&) noexcept;
  ChaCha20Poly1305& operator=(ChaCha20Poly1305&&) noexcept;

  // Encrypts all but the last `tag_bytes` of `message` in place and puts the tag there.
  void seal(const Nonce& nonce, ByteSpan message);
  // Decrypts `sealed` (ciphertext and tag) into `plain`, which is `tag_bytes` shorter and does not
  // overlap it. False, with `plain` wiped, if the tag does not match.
  [[nodiscard]] bool open(const Nonce& nonce, ByteView sealed, ByteSpan plain);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat
