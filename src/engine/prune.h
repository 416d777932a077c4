// Removes what is too old from a store that does not do it by itself.
#pragma once

#include <filesystem>

#include "engine/environment.h"
#include "snapshot/retention.h"

namespace lifeboat {

struct PruneRequest {
  std::string host;  // empty: all hosts of the store
  Retention retention;
  bool dry_run = false;            // plan only; needs no lock
  std::filesystem::path lock_dir;  // of the hosts' run locks; empty: no runs here to exclude
};

// Plans by plan_prune under the run locks of the hosts, then removes; returns the plan. A store
// with a lifecycle of its own is refused with Error(usage). What was removed before a failure stays
// so, and the next call does the rest.
PrunePlan run_prune(const PruneRequest& request, Environment& environment);

}  // namespace lifeboat
