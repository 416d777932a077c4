// Ed25519 signatures (RFC 8032), by OpenSSL: who wrote a snapshot, which encryption cannot tell,
// since anybody can encrypt to a public key.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/random.h"
#include "base/secret.h"

namespace lifeboat {

using Ed25519Signature = std::array<std::byte, 64>;

// Text form: "ed25519:" and the 32 bytes in base64, one line, safe in YAML and on a command line.
class Ed25519PublicKey {
 public:
  using Raw = std::array<std::byte, 32>;
  explicit Ed25519PublicKey(const Raw& raw) : raw_(raw) {}
  // Nothing for any other text.
  static std::optional<Ed25519PublicKey> parse(std::string_view text);

  std::string text() const;
  // SubjectPublicKeyInfo, for `openssl pkeyutl -verify -pubin -rawin`.
  std::string pem() const;
  bool verify(ByteView message, const Ed25519Signature& signature) const;
  friend bool operator==(const Ed25519PublicKey&, const Ed25519PublicKey&) = default;

 private:
  Raw raw_;
};

// Lives in locked memory. One thread at a time.
class Ed25519PrivateKey {
 public:
  static Ed25519PrivateKey generate(Random& random);
  // PKCS#8 PEM, as `openssl genpkey -algorithm ed25519` makes it. Throws Error(crypto), without a
  // word of the key.
  static Ed25519PrivateKey parse_pem(std::string_view pem);

  Secret pem() const;
  Ed25519PublicKey public_key() const;
  Ed25519Signature sign(ByteView message) const;

 private:
  explicit Ed25519PrivateKey(Secret seed) : seed_(std::move(seed)) {}
  Secret seed_;  // 32 bytes
};

}  // namespace lifeboat
