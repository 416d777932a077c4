// What came of a run, for those who were not there: the notice to send, and what the host remembers
// of it. Pure, so that tests can pin both.
#pragma once

#include <exception>
#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "config/config.h"
#include "engine/backup.h"
#include "engine/drill.h"
#include "observe/host_state.h"
#include "observe/notice.h"
#include "observe/run_mark.h"

namespace lifeboat::cli {

// A run as messages name it.
struct RunFrame {
  RunName name;
  Timestamp started{};  // whole seconds
};

struct Account {
  Notice notice;
  std::function<void(HostState&)> remember;
};

Account backup_account(const RunFrame& run, const BackupResult& result);
// `run.name.job` is the snapshot's job.
Account drill_account(const RunFrame& run, const DrillResult& result);
// For what has nothing to show but that it went well ("prune", "verify"), or what went wrong: then
// `failure` has a cause, and `code` is the exit code.
struct PlainOutcome {
  int code = 0;
  std::string cause;
  std::vector<std::string> hints;
};
Account plain_account(const RunFrame& run, const PlainOutcome& outcome);
Account sabotage_account(const RunFrame& run, const std::vector<SabotageOutcome>& outcomes);
// Of any exception; a configuration that cannot be used too.
Account failure_account(const RunFrame& run, const std::exception_ptr& failure);

// Was the last run of this kind a failure, or did the configuration have faults?
bool had_problem(const HostState& state, const RunName& name);

// Killed runs of one activity and job, oldest first, at least one.
Notice killed_notice(const std::vector<KilledRun>& runs);
// What such a run leaves in the memory of its host, unless a later one did.
void remember_killed(HostState& state, const KilledRun& run);

// How a mark says that there is a snapshot.
std::string phase_after_commit(const SnapshotId& id, std::string_view phase);
bool is_complete(const KilledRun& run);

// A sentence if no run of the job was begun for longer than its schedule promises; else empty.
std::string missed_runs(const JobState& job, Timestamp now);

// "backup 'nightly' of vps-h1", "prune of vps-h1"
std::string run_title(const RunName& name);

}  // namespace lifeboat::cli
