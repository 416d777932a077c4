// The native recipient types: how a stanza carries the file key.
// https://c2sp.org/age#the-x25519-recipient-type, https://c2sp.org/age#the-scrypt-recipient-type
#pragma once

#include <optional>
#include <span>

#include "base/random.h"
#include "base/secret.h"
#include "codec/age/age.h"
#include "codec/age/header.h"

namespace lifeboat::age {

inline constexpr size_t file_key_bytes = 16;
// The only length of a stanza's body: a file key and a tag. Checked before anything is decrypted,
// because a longer one could be made to open under many keys.
inline constexpr size_t wrapped_bytes = file_key_bytes + tag_bytes;

Stanza wrap_x25519(const Recipient::X25519Key& recipient, ByteView file_key, Random& random);
Stanza wrap_scrypt(const Recipient::ScryptKey& recipient, ByteView file_key, Random& random);

// The file key, or nothing if the stanza is of another type or for another key. A malformed stanza
// of the identity's type is an Error(crypto) "read age header: ...".
std::optional<Secret> unwrap_x25519(const Identity::X25519Key& identity, const Stanza& stanza);
std::optional<Secret> unwrap_scrypt(const Identity::ScryptKey& identity, const Stanza& stanza);

// The file key of a header whose MAC matches. Throws Error(crypto): "read age header: ...",
// "open age file: no identity matches ..." or "check age header MAC: ...".
Secret unwrap(const Header& header, std::span<const Identity> identities);

// Both types seal the file key under a key used once, with a nonce of zeros.
Bytes seal_file_key(ByteView wrap_key, ByteView file_key);
std::optional<Secret> open_file_key(ByteView wrap_key, ByteView sealed);

}  // namespace lifeboat::age
