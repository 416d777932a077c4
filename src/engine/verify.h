// Is a snapshot whole? Reads all of it and believes nothing.
#pragma once

#include <chrono>
#include <span>

#include "codec/age/age.h"
#include "engine/environment.h"
#include "snapshot/layout.h"
#include "snapshot/manifest.h"

namespace lifeboat {

struct VerifyResult {
  Manifest manifest;
  bool decrypted = false;  // false without identities: only the stored bytes were checked
  uint64_t members = 0;
  std::chrono::nanoseconds duration{};
};

// Without identities: sizes and hashes of archive and index as stored. With: decryption, frames,
// seek table, tar structure, every member against the index, all hashes. Throws
// Error(verification) at the first thing that is not as it should be, Error(crypto) for a wrong
// key.
VerifyResult verify_snapshot(const SnapshotId& id, std::span<const age::Identity> identities,
                             Environment& environment);

}  // namespace lifeboat
