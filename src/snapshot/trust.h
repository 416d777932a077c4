// Whose snapshots are believed.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "crypto/ed25519.h"
#include "snapshot/manifest.h"

namespace lifeboat {

// Without keys everything is believed, as long as it is whole: there is nothing to compare with.
// With keys a manifest must be signed by one of them, and everything else in a snapshot hangs on
// the manifest's hashes.
struct Trust {
  std::vector<Ed25519PublicKey> keys;
  bool is_required() const { return !keys.empty(); }
};

// Why a manifest that parse_manifest returned is not believed ("it is not signed"); empty if it is.
std::string distrust(const Manifest& manifest, const Trust& trust);
// Throws Error(verification) for such a manifest; `key` is its place in the store.
void check_trust(const Manifest& manifest, const Trust& trust, std::string_view key);

}  // namespace lifeboat
