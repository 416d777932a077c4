// How one expected job fares, by what a listing says of its snapshots.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/watch.h"
#include "engine/watch_listing.h"

namespace lifeboat {

// Runs that are judged together: of one expectation, or of several that cannot be told apart.
struct WatchGroup {
  std::vector<WatchExpectation> expected;  // at least one, all of one host and tier
  std::vector<ListedRun> runs;             // by time, oldest first

  bool is_mixed() const { return expected.size() > 1; }
  Tier tier() const { return expected.front().tier; }
  // "daily", or the one job's name.
  std::string id() const;
  // "vps-h1", "vps-h1/nightly+databases"
  std::string name() const;
  // The shortest.
  std::chrono::seconds stale_after() const;
  // 0: some days may have none.
  uint64_t runs_a_day() const;
};

// The ids of all problems that judge_job looks for.
std::vector<std::string> job_problem_ids(std::string_view id);
// Adds the job, its problems and its warnings to `host`.
void judge_job(const WatchGroup& group, const WatchRequest& request, std::string_view store_name,
               WatchedHost& host);

}  // namespace lifeboat
