// What snapshots a store holds, and which one a person means.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "snapshot/layout.h"
#include "snapshot/manifest.h"
#include "snapshot/trust.h"
#include "store/store.h"

namespace lifeboat {

// All snapshots with a manifest, sorted; `host` empty: of all hosts. One listing pass; manifests
// are not opened.
std::vector<SnapshotId> list_snapshots(Store& store, std::string_view host);

// "latest", "2026-05-07[-HHMMSS]", "monthly/2026-05[-HHMMSS]",
// "supabase-weekly/2026-W19[-DHHMMSS]", "supabase-weekly/latest", each also behind a host:
// "vps-h1/latest". Without a host, `default_host` is meant; if that is empty too, the store must
// hold one host only. "latest" is the newest daily, or the newest monthly if there is no daily, or
// the newest weekly if that is all there is. A plain date or week means the last run of it; a plain
// month its first copy, or the last of them if the first is gone. Throws Error(usage) for text of
// no such form, Error(store) when there is none, with the monthly of a date and the nearest ones as
// hints.
//
// A snapshot that is dated a day or more after `now` was made under a wrong clock: it is "latest"
// only if its tier has no other, and else goes to `passed_over`.
struct LatestBy {
  Timestamp now = Timestamp::max();
  std::optional<SnapshotId>* passed_over = nullptr;
};
SnapshotId resolve_snapshot(Store& store, std::string_view text, std::string_view default_host,
                            const LatestBy& by = {});

// The host that is meant where none was named: the only one of the store, as for `latest`. Of its
// snapshots with all services, dailies and monthlies alike, each as likely as the other; of others
// only if there are no whole ones. A manifest that cannot be read or believed throws: it is what
// such a choice is to find.
SnapshotId random_snapshot(Store& store, std::string_view host, const Trust& trust, Random& random);
// Throws Error(store) if there is no monthly.
SnapshotId oldest_monthly(Store& store, std::string_view host);

// Reads and checks a manifest: whole, of the keys that `id` implies, and signed by one of the keys
// that `trust` demands. A monthly's is the same text as its daily's: host and month are checked
// instead, and the returned one has the monthly's keys.
Manifest load_manifest(Store& store, const SnapshotId& id, const Trust& trust);
// The same; nothing for one that is damaged or not believed. Throws Error(store).
std::optional<Manifest> find_manifest(Store& store, const SnapshotId& id, const Trust& trust);

// The name for a run of `host` that starts at `start`: the plain date if that day has no object of
// a snapshot yet, else with the time of day, moved on by a second for as long as it is taken. What
// a killed run left (an archive without a manifest) counts as taken: nothing is ever overwritten.
SnapshotId next_snapshot_id(Store& store, const std::string& host, Timestamp start);

// The same for a run of a single-stream job.
SnapshotId next_weekly_id(Store& store, const std::string& host, Timestamp start);

// The same for any day, month or week: `id` if nothing of that name is in the store.
SnapshotId free_id(Store& store, SnapshotId id, Timestamp start);

// The size of the host's largest nightly archive, 0 without any. One listing pass.
uint64_t largest_daily_bytes(Store& store, const std::string& host);

}  // namespace lifeboat
