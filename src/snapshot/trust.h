// Whose snapshots are believed.
#pragma once

#include <string>
#include <vector>

#include "crypto/ed25519.h"

namespace lifeboat {

// Without keys everything is believed, as long as it is whole: there is nothing to compare with.
// With keys a manifest must be signed by one of them, and everything else in a snapshot hangs on
// the manifest's hashes.
struct Trust {
  std::vector<Ed25519PublicKey> keys;
  bool is_required() const { return !keys.empty(); }
};

}  // namespace lifeboat
