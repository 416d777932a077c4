// Reads many manifests at once (read_ahead.h).
//
// Rejected: a file with what all manifests say, kept in the store. Two hosts would write it, and a
// key that cannot overwrite could not keep it true.
#pragma once

#include <functional>
#include <future>
#include <span>

#include "base/stop.h"
#include "snapshot/layout.h"
#include "snapshot/manifest.h"
#include "snapshot/trust.h"
#include "store/store.h"

namespace lifeboat {

// Calls `visit` for each of `ids`, in their order and in the caller's thread. `loaded.get()` is
// what load_manifest(store, id, trust) returns or throws. Threads and errors as of read_ahead.
void load_manifests(
    Store& store, std::span<const SnapshotId> ids, const Trust& trust, const StopToken& stop,
    const std::function<void(const SnapshotId& id, std::future<Manifest> loaded)>& visit);

}  // namespace lifeboat
