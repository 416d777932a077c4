// What past runs say: how old the last backup and the last good drill are, what was killed, and
// whether another machine writes under this host's name.
//
// Warnings only: they are no fault of the next run. `status` tells the same with its own levels.
#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/check/check_run.h"
#include "cli/overview.h"
#include "observe/host_state.h"

namespace lifeboat::cli {
namespace {

using Level = Finding::Level;

constexpr std::chrono::days nights_seen{8};
constexpr std::chrono::days fresh{2};

std::string hint_of(const StatusFinding& finding) {
  const auto has = [&](std::string_view word) {
    return finding.text.find(word) != std::string::npos;
  };
  if (has("drill")) return "Run 'lifeboat drill', here or where the private key is.";
  if (has("killed")) return "Look for what ended it (memory, power); the next run tells it on.";
  if (has("damaged")) return "Run 'lifeboat verify --all', and 'lifeboat backup' for a new one.";
  return "'lifeboat status' shows more; run 'lifeboat backup' by hand to see what it says.";
}

// Of the newest snapshot here that no run of this host remembers.
void check_name(CheckRun& run, const History& history) {
  const std::string& host = run.config().host;
  const HostState state = StateFile(run.config().state_dir, host, run.context.random()).load();
  const PastSnapshot* newest = nullptr;
  for (const HostHistory& one : history.hosts) {
    for (const JobHistory& job : one.jobs) {
      for (const PastSnapshot& snapshot : job.snapshots) {
        if (one.name != host || !snapshot.error.empty()) continue;
        if (newest == nullptr || newest->started < snapshot.started) newest = &snapshot;
      }
    }
  }
  if (newest == nullptr || run.context.clock().now() - newest->started > fresh) return;
  for (const JobState& job : state.jobs) {
    if (job.snapshot == newest->name || newest->started < job.last_run + std::chrono::minutes(1)) {
      return;
    }
  }
  run.add(ErrorKind::config, "host",
          {Level::warning,
           format("{} was not made here: another machine may back up under the name '{}' too",
                  printable(newest->name), host),
           "Give each machine its own 'host'. If this one was set up anew, its next backup ends "
           "this warning."},
          "host");
}

}  // namespace

void check_past(CheckRun& run) {
  run.guarded(ErrorKind::store, "past runs", [&] {
    const std::string& host = run.config().host;
    run.context.options.host = host;
    const Overview seen = look_over(run.context, nights_seen);
    check_name(run, seen.history);
    if (run.listed && run.listed->empty() && seen.history.hosts.empty()) {
      run.add(ErrorKind::config, "last backup",
              {Level::warning, "there is none yet",
               "Run 'lifeboat backup', then 'lifeboat drill': only that proves that it restores."});
      return;
    }
    bool is_good = true;
    for (const StatusFinding& one : seen.status.findings) {
      const bool is_of_notifier = one.text.find("message") != std::string::npos;
      if ((!one.host.empty() && one.host != host) || is_of_notifier) continue;
      is_good = false;
      const std::string subject = one.job.empty() ? "past runs" : format("job {}", one.job);
      run.add(ErrorKind::config, subject, {Level::warning, printable(one.text), hint_of(one)},
              format("jobs.{}", one.job));
    }
    if (is_good) run.add(ErrorKind::config, "past runs", {Level::ok, "nothing is late", ""});
  });
}

}  // namespace lifeboat::cli
