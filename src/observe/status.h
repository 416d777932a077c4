// How things stand: one row a host and job, and the sentences that ask somebody to act. `status`
// prints it and `report` begins with it, so both always say the same.
//
// The store is the truth about snapshots. The host's state file adds what leaves nothing there: a
// run that failed, a drill without evidence, a notifier that is dead; and it stands in for a store
// that cannot be reached.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/finding_level.h"
#include "observe/history.h"
#include "observe/host_state.h"
#include "observe/run_mark.h"

namespace lifeboat {

// A drill older than that proves little: the alert BackupDrillStale.
inline constexpr std::chrono::days drill_age_max{92};

// ok below `stale_after` less schedule_grace, warning up to and with `stale_after`, error beyond.
// With nothing (a job run by hand) always ok.
FindingLevel age_level(std::chrono::nanoseconds age,
                       const std::optional<std::chrono::seconds>& stale_after);

// What the configuration promises.
struct ExpectedJob {
  std::string host;
  std::string job;
  std::optional<std::chrono::seconds> stale_after;  // nothing: run by hand
};

struct StatusInput {
  const History* history = nullptr;  // null: the store cannot be read
  const HostState* state = nullptr;  // null: of another machine
  std::vector<ExpectedJob> expected = {};
  // From the drill's schedule; nothing: drill_age_max alone counts.
  std::optional<std::chrono::seconds> drill_stale_after = {};
  std::vector<KilledRun> killed = {};
  Timestamp now{};
};

struct JobStatus {
  std::string host;
  std::string job;
  // Of the last drill; "never", "ok", "partial", "FAILED".
  std::string drill = "never";
  FindingLevel drill_level = FindingLevel::error;
  std::optional<Timestamp> proved = {};                   // the last good drill
  std::optional<std::chrono::nanoseconds> recovery = {};  // how long that took
  std::optional<Timestamp> last_success = {};             // end of the last whole backup
  FindingLevel age = FindingLevel::error;                 // of that
  // Of the last run; "never", "ok", "partial", "FAILED".
  std::string run = "never";
  FindingLevel run_level = FindingLevel::error;
  std::optional<Timestamp> last_run = {};
  uint64_t archive_bytes = 0;             // of the newest snapshot
  std::optional<double> change = {};      // against the mean of the week before it; 0.5 is +50 %
  std::optional<Timestamp> expires = {};  // when the newest whole backup goes
  std::optional<std::chrono::seconds> stale_after = {};
};

// Something that needs a look; never `ok`. `job` is empty if it is of the host alone, and both for
// the store.
struct StatusFinding {
  FindingLevel level = FindingLevel::warning;
  std::string host;
  std::string job;
  std::string text;  // a sentence without its full stop
};

struct Status {
  std::vector<JobStatus> jobs;          // by host, then job
  std::vector<StatusFinding> findings;  // the worst first
};

Status assess(const StatusInput& input);

}  // namespace lifeboat
