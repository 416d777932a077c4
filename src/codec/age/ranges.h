// Random access without DecryptAccess' look at the last chunk, for who knows by other means that
// the file is whole, and pays for each read with a round trip to a store.
#pragma once

#include <memory>
#include <span>

#include "codec/age/age.h"

namespace lifeboat::age {

// Reads the header only. A chunk that is read proves its number, and whether it is the last one.
// Keeps a reference to `input`. Faults are Error(crypto).
std::unique_ptr<RandomAccess> open_ranges(RandomAccess& input,
                                          std::span<const Identity> identities);

}  // namespace lifeboat::age
