// What a host remembers of its runs: the source of its metrics, and of "recovered" and "missed".
//
// The store is the truth about snapshots; this is the truth about runs, of which a failed one
// leaves nothing in the store. Losing it loses no backup: times and counts begin anew.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"

namespace lifeboat {

struct ItemCount {
  std::string item;  // "workflows"
  uint64_t count = 0;
};

// Values of the last run in which it was in the snapshot.
struct ServiceState {
  std::string name;
  bool ok = false;                        // in the last run
  std::optional<Timestamp> last_success;  // nothing: never
  uint64_t source_bytes = 0;              // of its members
  std::vector<ItemCount> items;
};

struct JobState {
  std::string name;
  Timestamp last_run{};                   // its start
  std::optional<Timestamp> last_success;  // the end of the last run with all services
  int status = 0;                         // exit code of the last run
  std::string error;                      // its cause; empty if there was none
  // Of the last run that made a snapshot, a partial one included.
  std::string snapshot;  // "vps-h1/2026-05-07"
  std::chrono::nanoseconds duration{};
  uint64_t archive_bytes = 0;  // stored
  uint64_t raw_bytes = 0;
  uint64_t members = 0;
  std::vector<ServiceState> services;
  // From its schedule: without a success for this long, it is stale. Nothing: run by hand.
  std::optional<std::chrono::seconds> stale_after;
};

// Of the snapshots of one host and job: a drill may run on another machine than the backup.
struct DrillState {
  std::string host;
  std::string job;
  Timestamp last_run{};
  std::optional<Timestamp> last_success;
  int status = 0;      // exit code
  std::string result;  // "RESTORE OK — 12 workflows ..."
  std::string error;
  std::chrono::nanoseconds restore_duration{};  // of the last good one, until all lay on disk
  std::chrono::nanoseconds duration{};          // with all proofs: the recovery time
};

// Other things that run on a schedule: "prune", "verify".
struct ActivityState {
  std::string name;
  Timestamp last_run{};
  int status = 0;
  std::string error;
};

struct NotifierState {
  std::string name = {};
  std::string target_id = {};
  bool dead = false;  // the target takes nothing more from us
  bool failing = false;
  std::optional<Timestamp> last_success = {};
  std::optional<Timestamp> last_failure = {};
  uint64_t failures_total = 0;
  std::string error = {};
};

// What lifecycle or prune will take from this host if no backup comes after.
struct Shelf {
  uint64_t dailies = 0;
  std::optional<Timestamp> oldest_expires;
  std::optional<Timestamp> newest_expires;
};

struct HostState {
  std::string host;
  std::vector<JobState> jobs;
  std::vector<DrillState> drills;
  std::vector<ActivityState> activities;
  std::vector<NotifierState> notifiers;
  std::optional<Shelf> shelf;

  // Made if need be.
  JobState& job(std::string_view name);
  DrillState& drill(std::string_view host, std::string_view job);
  ActivityState& activity(std::string_view name);
  NotifierState& notifier(std::string_view name);
};

// `<directory>/<host>.state.json`, mode 0600, replaced by rename. Any process of the host.
class StateFile {
 public:
  // `random` must outlive it.
  StateFile(std::filesystem::path directory, std::string host, Random& random);

  // Empty without a file, and for one that cannot be understood: that is put aside under
  // ".damaged" by the next `update`, and `warning` says so. Throws Error(config) if it cannot be
  // read.
  HostState load();
  // Reads, lets `change` change it and writes it back, under a lock of its own (not the run lock).
  // Throws Error(config).
  HostState update(const std::function<void(HostState&)>& change);
  // What was lost, as a sentence; empty: nothing.
  const std::string& warning() const { return warning_; }

 private:
  std::filesystem::path directory_;
  std::string host_;
  Random& random_;
  std::string warning_;
};

}  // namespace lifeboat
