// What snapshots a store holds, and which one a person means.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "snapshot/layout.h"
#include "snapshot/manifest.h"
#include "store/store.h"

namespace lifeboat {

// All snapshots with a manifest, sorted; `host` empty: of all hosts. One listing pass; manifests
// are not opened.
std::vector<SnapshotId> list_snapshots(Store& store, std::string_view host);

// "latest", "2026-05-07", "2026-05-07-020000", "vps-h1/latest", "vps-h1/2026-05-07[-HHMMSS]".
// Without a host, `default_host` is meant; if that is empty too, the store must hold one host only.
// A plain date means the last run of that day. Throws Error(usage) for text of no such form,
// Error(store) with the nearest dates as a hint when there is none.
SnapshotId resolve_snapshot(Store& store, std::string_view text, std::string_view default_host);

// Reads and checks a manifest, and that it names the keys that `id` implies.
Manifest load_manifest(Store& store, const SnapshotId& id);

// The name for a run of `host` that starts at `start`: the plain date if that day has no object of
// a snapshot yet, else with the time of day, moved on by a second for as long as it is taken. What
// a killed run left (an archive without a manifest) counts as taken: nothing is ever overwritten.
SnapshotId next_snapshot_id(Store& store, const std::string& host, Timestamp start);

}  // namespace lifeboat
