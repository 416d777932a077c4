// What the configuration wants to be started by itself, and when.
#pragma once

#include <vector>

#include "config/config.h"
#include "scheduler/scheduler.h"

namespace lifeboat::cli {

// Each job, the drill if it has an identity and, for a store that is a folder, `prune`; nothing
// that is "manual".
std::vector<ScheduledRun> scheduled_runs(const Config& config);

}  // namespace lifeboat::cli
