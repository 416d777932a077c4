// X25519 (RFC 7748), by OpenSSL.
#pragma once

#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/secret.h"

namespace lifeboat {

using X25519Point = std::array<std::byte, 32>;

// The public key of a 32-byte private key; any 32 bytes are one.
X25519Point x25519_public_key(ByteView private_key);
// Nothing if the shared secret is all zero, that is, `point` is of low order: such a secret is
// known to everybody.
std::optional<Secret> x25519_shared_secret(ByteView private_key, const X25519Point& point);

}  // namespace lifeboat
