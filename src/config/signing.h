// The key that signs this host's manifests.
#pragma once

#include <optional>

#include "config/config.h"
#include "crypto/ed25519.h"

namespace lifeboat {

// Reads signing.key_file; nothing if none is configured. Not part of loading, since whoever only
// reads snapshots needs no key. Throws ConfigErrors with the place of the key in the configuration:
// for a file that is missing, that others can read, or that holds something else.
std::optional<Ed25519PrivateKey> load_signing_key(const SigningConfig& signing);

}  // namespace lifeboat
