// What the configuration wants to be started by itself, and when.
#pragma once

#include <vector>

#include "config/config.h"
#include "scheduler/scheduler.h"

namespace lifeboat::cli {

// Each job, the drill and, of a folder with a retention, `prune`; nothing that is "manual".
std::vector<ScheduledRun> scheduled_runs(const Config& config);

}  // namespace lifeboat::cli
