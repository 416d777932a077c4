// What a listing alone tells about the hosts that should back up: the dead man's switch that runs
// elsewhere.
//
// A host that is dead, or whose clock daemon is, sends no alarm. This needs no word from it: names,
// sizes and times of objects say when it last finished a snapshot. So the key that watches may do
// nothing but list, and whoever steals it learns nothing and destroys nothing. The price: it cannot
// see whether a snapshot is whole; for that there are verify and drill.
//
// Manifests are read only to tell several nightly jobs of one host apart, where the key may.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "observe/host_state.h"
#include "observe/notice.h"
#include "snapshot/layout.h"
#include "snapshot/retention.h"
#include "store/store.h"

namespace lifeboat {

struct WatchExpectation {
  std::string host;
  std::string job;                                            // empty: all snapshots of that tier
  Tier tier = Tier::daily;                                    // daily or weekly
  std::chrono::seconds gap = std::chrono::hours(24);          // the longest between two runs
  std::chrono::seconds stale_after = std::chrono::hours(26);  // of the newest snapshot's end
};

struct WatchRequest {
  // At least one; of one host and tier either one alone, or several with different jobs.
  std::vector<WatchExpectation> expected;
  Retention retention;
  uint64_t nights = 14;  // so far back missed nights are looked for
  Timestamp now{};
};

// A night (a date in UTC) with fewer snapshots than there should be.
struct MissedNight {
  Date date{};
  uint64_t found = 0;
  uint64_t wanted = 1;
  friend bool operator==(const MissedNight&, const MissedNight&) = default;
};

// One expectation, or several of one host that cannot be told apart.
struct WatchedJob {
  std::string name;  // "vps-h1", "vps-i1/supabase-weekly", "vps-h1/nightly+databases"
  std::string id;    // "daily", "supabase-weekly", "nightly": in the ids of problems
  std::chrono::seconds stale_after{};
  std::optional<SnapshotId> newest;
  Timestamp newest_time{};  // when it was finished; meaningful with `newest`
  uint64_t newest_bytes = 0;
  bool is_stale = true;
  uint64_t nights_wanted = 0;       // how many were looked at; 0: it need not run every night
  std::vector<MissedNight> missed;  // oldest first
};

struct WatchedHost {
  std::string host;
  std::vector<WatchedJob> jobs;
  Shelf shelf;
  uint64_t monthlies = 0;
  std::optional<Timestamp> last_drill;  // evidence of it; good or bad cannot be seen
  std::vector<Problem> problems;
  std::vector<std::string> warnings;  // sentences
  // Ids of all that was looked for: what is not in `problems` is over.
  std::vector<std::string> ids;
};

struct WatchReport {
  std::vector<WatchedHost> hosts;       // as expected, sorted by name
  std::vector<std::string> unexpected;  // hosts that have objects in the store
  std::vector<std::string> notes;       // sentences on how far this could look
  bool is_good() const;                 // no problem
};

// One listing, or one a host where the key may list no more. Throws Error(store) if that fails.
WatchReport watch_store(Store& store, const WatchRequest& request);

}  // namespace lifeboat
