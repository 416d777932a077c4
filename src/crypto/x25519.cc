#include "crypto/x25519.h"

#include <openssl/evp.h>

#include <algorithm>
#include <memory>

#include "base/error.h"

namespace lifeboat {

namespace {

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

Key checked(EVP_PKEY* raw) {
  if (raw == nullptr) throw Error(ErrorKind::crypto, "load an X25519 key: OpenSSL refused");
  return Key(raw, &EVP_PKEY_free);
}

Key load_private_key(ByteView bytes) {
  ensure(bytes.size() == 32, "an X25519 private key has 32 bytes");
  return checked(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, as_uchar(bytes), 32));
}

}  // namespace

X25519Point x25519_public_key(ByteView private_key) {
  const Key key = load_private_key(private_key);
  X25519Point point;
  size_t length = point.size();
  ensure(EVP_PKEY_get_raw_public_key(key.get(), as_uchar(ByteSpan(point)), &length) == 1 &&
             length == point.size(),
         "an X25519 key has a public half");
  return point;
}

std::optional<Secret> x25519_shared_secret(ByteView private_key, const X25519Point& point) {
  const Key key = load_private_key(private_key);
  const Key peer =
      checked(EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, as_uchar(ByteView(point)), 32));
  const std::unique_ptr<EVP_PKEY_CTX, decltype(&EVP_PKEY_CTX_free)> context(
      EVP_PKEY_CTX_new(key.get(), nullptr), &EVP_PKEY_CTX_free);
  if (!context || EVP_PKEY_derive_init(context.get()) != 1 ||
      EVP_PKEY_derive_set_peer(context.get(), peer.get()) != 1) {
    throw Error(ErrorKind::crypto, "start X25519: OpenSSL refused");
  }
  Secret shared(32);
  size_t length = shared.size();
  // OpenSSL refuses an all-zero result; asked again here, because age's safety rests on it.
  const bool derived = EVP_PKEY_derive(context.get(), as_uchar(shared.span()), &length) == 1;
  const bool zero =
      std::ranges::all_of(shared.view(), [](std::byte b) { return b == std::byte{}; });
  if (!derived || zero) return std::nullopt;
  return shared;
}

}  // namespace lifeboat
