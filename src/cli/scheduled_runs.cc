#include "cli/scheduled_runs.h"

#include <variant>

namespace lifeboat::cli {

std::vector<ScheduledRun> scheduled_runs(const Config& config) {
  std::vector<ScheduledRun> runs;
  const auto add = [&](std::string name, const std::string& schedule,
                       std::vector<std::string> arguments) {
    if (schedule != "manual") runs.push_back({std::move(name), schedule, std::move(arguments)});
  };
  for (const JobConfig& job : config.jobs) {
    add("backup-" + job.name, job.schedule, {"backup", job.name});
  }
  // Without an identity a person brings one.
  if (config.drill && config.drill->identity) add("drill", config.drill->schedule, {"drill"});
  // A bucket has its lifecycle.
  if (std::holds_alternative<DirStoreConfig>(config.store)) add("prune", "daily", {"prune"});
  return runs;
}

}  // namespace lifeboat::cli
