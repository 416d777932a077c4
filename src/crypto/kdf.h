// Keyed hashes and key derivation, by OpenSSL.
#pragma once

#include <array>
#include <string_view>

#include "base/bytes.h"
#include "base/secret.h"

namespace lifeboat {

using HmacSha256 = std::array<std::byte, 32>;

// RFC 2104.
HmacSha256 hmac_sha256(ByteView key, ByteView data);
// RFC 5869: extract with `salt` (may be empty), expand with `info` to 32 bytes.
Secret hkdf_sha256(ByteView key_material, ByteView salt, std::string_view info);

struct ScryptCost {
  unsigned log2_n;  // memory and time double with each step
  unsigned r = 8;
  unsigned p = 1;
};
// Memory that one derivation takes: 128 * r * 2^log2_n bytes, and a little.
uint64_t scrypt_memory_bytes(const ScryptCost& cost);
// RFC 7914, 32 bytes. Throws Error(limit) when the memory cannot be had.
Secret scrypt(std::string_view passphrase, ByteView salt, const ScryptCost& cost);

// Compares in a time that does not depend on the bytes, only on the sizes.
bool constant_time_equal(ByteView left, ByteView right);

}  // namespace lifeboat
