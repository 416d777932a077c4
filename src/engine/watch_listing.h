// A listing sorted by what its keys mean.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "snapshot/layout.h"
#include "store/store.h"

namespace lifeboat {

struct ListedRun {
  SnapshotId id;
  // When it was finished. The store's clock says so; a host's own may be wrong, and only its days
  // are in the keys. For what was copied to another bucket later: the last moment its key allows.
  Timestamp time{};
  Timestamp modified{};  // of its last object, as the store has it
  uint64_t bytes = 0;    // of the archive
};

// Each list by time, oldest first.
struct ListedHost {
  std::vector<ListedRun> dailies;
  std::vector<ListedRun> monthlies;
  std::vector<ListedRun> weeklies;
  std::vector<ListedRun> unfinished;       // no manifest
  std::vector<ListedRun> without_archive;  // a manifest, but nothing it speaks of
  std::optional<Timestamp> last_drill;

  const std::vector<ListedRun>& of(Tier tier) const;
};

// By host. Keys that mean nothing are left out.
std::map<std::string, ListedHost> sort_listing(const std::vector<ObjectInfo>& listing);

// The first moment of the day, week or month that its key names, and the first after it.
Timestamp period_begin(const SnapshotId& id);
Timestamp period_end(const SnapshotId& id);

}  // namespace lifeboat
