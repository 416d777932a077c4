#include "cli/scheduled_runs.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace lifeboat::cli {
namespace {

bool has_commands(const HooksConfig& hooks) {
  return !hooks.before.empty() || !hooks.after.empty() || !hooks.on_error.empty();
}

// Hooks and `command` services start what the user says.
bool starts_programs(const Config& config, const JobConfig& job) {
  return has_commands(job.hooks) ||
         std::any_of(job.services.begin(), job.services.end(), [&](const std::string& name) {
           const ServiceConfig* service = config.find_service(name);
           return service != nullptr &&
                  (service->recipe == "command" || has_commands(service->hooks));
         });
}

}  // namespace

std::vector<ScheduledRun> scheduled_runs(const Config& config) {
  std::vector<ScheduledRun> runs;
  const auto add = [&](ScheduledRun run) {
    if (run.schedule != "manual") runs.push_back(std::move(run));
  };
  for (const JobConfig& job : config.jobs) {
    add({"backup-" + job.name, job.schedule, {"backup", job.name}, starts_programs(config, job)});
  }
  // Without an identity a person brings one.
  if (config.drill && config.drill->identity) {
    add({"drill", config.drill->schedule, {"drill"}, config.drill->engine != "none"});
  }
  // A bucket has its lifecycle.
  if (std::holds_alternative<DirStoreConfig>(config.store)) add({"prune", "daily", {"prune"}});
  return runs;
}

}  // namespace lifeboat::cli
