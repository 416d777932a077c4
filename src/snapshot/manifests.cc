#include "snapshot/manifests.h"

#include "snapshot/catalog.h"
#include "snapshot/read_ahead.h"

namespace lifeboat {

void load_manifests(
    Store& store, std::span<const SnapshotId> ids, const Trust& trust, const StopToken& stop,
    const std::function<void(const SnapshotId& id, std::future<Manifest> loaded)>& visit) {
  read_ahead(
      ids, stop, [&](const SnapshotId& id) { return load_manifest(store, id, trust); },
      [&](const SnapshotId& id, std::future<Manifest> loaded) {
        visit(id, std::move(loaded));
        return true;
      });
}

}  // namespace lifeboat
