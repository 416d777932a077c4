// AES-256 in cipher feedback mode with full blocks, and the key derivation that goes with it where
// Grafana keeps secrets. Kept for reading what others wrote: it has no authentication, so any key
// "opens" any text. Whoever needs to be sure judges the plaintext.
#pragma once

#include "base/secret.h"

namespace lifeboat {

inline constexpr size_t aes_block_bytes = 16;

// RFC 8018 with HMAC-SHA-256, to 32 bytes.
Secret pbkdf2_sha256(ByteView passphrase, ByteView salt, unsigned rounds);

// NIST SP 800-38A section 6.3, segments of 128 bits. `key` has 32 bytes, `iv` 16; the result is as
// long as the input.
Secret aes256_cfb_decrypt(ByteView key, ByteView iv, ByteView ciphertext);
Bytes aes256_cfb_encrypt(ByteView key, ByteView iv, ByteView plaintext);

}  // namespace lifeboat
