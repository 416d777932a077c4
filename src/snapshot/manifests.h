// Reads many manifests at once.
//
// A manifest is small and a bucket is far: 5,000 of them one after the other are 5,000 times the
// way there and back. Some are asked for ahead, and the caller still gets them in its own order.
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
// what load_manifest(store, id, trust) returns or throws. At most 8 are read ahead, each by a
// thread of its own, all of which have ended when this returns or throws. Throws Interrupted, and
// what `visit` throws.
void load_manifests(
    Store& store, std::span<const SnapshotId> ids, const Trust& trust, const StopToken& stop,
    const std::function<void(const SnapshotId& id, std::future<Manifest> loaded)>& visit);

}  // namespace lifeboat
