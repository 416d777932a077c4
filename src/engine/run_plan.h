// What a run would do, found out from the same plans as the run itself and from what is past.
//
// Nothing is changed: a recipe's plan() reads, and its members are never asked for, since with the
// first one services are stopped. Hooks are not run. What cannot be known before is said to be
// unknown; no size is invented.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/backup.h"
#include "observe/host_state.h"
#include "recipe/recipe.h"
#include "snapshot/layout.h"
#include "snapshot/trust.h"
#include "store/store.h"

namespace lifeboat {

struct PlannedService {
  std::string name;
  std::string recipe;
  std::string error;  // why it cannot be planned; empty if it can
  std::vector<std::string> hints;
  Facts facts;                             // meaningful without an error
  std::optional<uint64_t> raw_bytes;       // what lies there now, as far as it can be told unread
  std::optional<uint64_t> last_raw_bytes;  // of its members in the last snapshot
  std::string meanwhile;                   // "runs on", "is stopped", "is paused" ...
};

// The last snapshot of the job, by its manifest or, without the store, by the host's state.
struct PastRun {
  std::string snapshot = {};  // "vps-h1/2026-05-07"
  Timestamp started{};
  std::chrono::nanoseconds duration{};
  uint64_t raw_bytes = 0;     // of the services' members
  uint64_t stored_bytes = 0;  // of all its objects, or of the archive if that is all we know
};

// From whole snapshots of the last month that are at least a week apart.
struct Growth {
  double bytes_per_day = 0;  // of the archive as it is stored; may be negative
  uint64_t snapshots = 0;
  uint64_t days = 0;
};

struct RunPlan {
  std::string host;
  std::string job;
  SnapshotId id;                      // what it would be called if it began now
  std::optional<SnapshotId> monthly;  // the copy that would be made of it
  std::vector<PlannedService> services;
  std::optional<PastRun> last;
  std::optional<Growth> growth;
  uint64_t held_bytes = 0;  // by the store, of this host, all jobs
  std::string store_error;  // why the store could not be asked; empty if it could
  std::vector<std::string> store_hints;

  // Of the services whose size is known; the last run's where it is not known now.
  uint64_t raw_bytes = 0;
  std::vector<std::string> unknown;  // services whose size nobody can tell before the first run
  // At the ratio of the last run. Without one only the upper end is known: nothing compresses.
  std::optional<uint64_t> stored_bytes;
  uint64_t stored_bytes_max = 0;                     // and encrypted, in frames
  std::optional<std::chrono::nanoseconds> duration;  // at the speed of the last run
  uint64_t spool_bytes_max = 0;  // the largest service, if it were spooled whole
};

struct PlanWorld {
  const RecipeRegistry& recipes;
  RecipeContext& context;
  Store* store = nullptr;        // null: there is none yet, and so nothing in it
  std::string store_error = {};  // why it could not even be opened
  std::vector<std::string> store_hints = {};
  Trust trust = {};
  const JobState* state = nullptr;  // what the host remembers of the job; null: nothing
};

// Errors of services and of the store are in the plan; throws Interrupted.
RunPlan plan_run(const BackupRequest& request, PlanWorld& world);

// The most memory that a backup takes, whatever the size of the data.
struct PeakMemory {
  unsigned workers = 0;
  uint64_t program_bytes = 0;   // the program, its libraries, one member's blocks, a spool
  uint64_t frames_bytes = 0;    // of the compressor: workers + 2 frames, raw and compressed
  uint64_t contexts_bytes = 0;  // of the compressor: one a worker
  uint64_t upload_bytes = 0;    // parts of an upload; 0 for a folder
  uint64_t total() const { return program_bytes + frames_bytes + contexts_bytes + upload_bytes; }
};
// `upload_bytes`: of the store, for an archive of that size.
PeakMemory peak_memory(const BackupRequest& request, uint64_t upload_bytes);

}  // namespace lifeboat
