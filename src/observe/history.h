// What happened: plain data for `status` and `report`, whatever it was gathered from.
//
// What cannot be read is an entry with an error, never a hole: a report that leaves out a damaged
// night would be worse than none.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/finding_level.h"

namespace lifeboat {

struct PastService {
  std::string name = {};
  bool ok = false;
  std::string error = {};
};

struct PastSnapshot {
  std::string name = {};  // "vps-h1/2026-05-07"
  Timestamp started{};    // of a damaged one: the day it is named after
  Timestamp finished{};   // likewise
  uint64_t archive_bytes = 0;
  uint64_t raw_bytes = 0;
  uint64_t members = 0;
  std::vector<PastService> services = {};
  std::string error = {};  // why it cannot be read or believed; empty if it can
  Timestamp expires{};

  bool is_whole() const {
    return error.empty() && std::all_of(services.begin(), services.end(),
                                        [](const PastService& service) { return service.ok; });
  }
};

struct PastDrill {
  std::string key = {};
  std::string snapshot = {};
  Timestamp drilled{};                          // of damaged evidence: the day of its key
  FindingLevel verdict = FindingLevel::error;   // ok, warning: partial, error: failed
  std::string result = {};                      // "RESTORE OK — 12 workflows"
  std::chrono::nanoseconds restore_duration{};  // until all lay on disk
  std::chrono::nanoseconds duration{};          // with all questions: the recovery time
  std::string error = {};                       // why the evidence cannot be read
};

// What a run left that made no snapshot: it was killed, or it is under way.
struct UnfinishedRun {
  std::string name = {};
  Timestamp day{};       // that it is named after
  Timestamp modified{};  // in the store
  uint64_t bytes = 0;
};

enum class Pace { daily, weekly };

struct JobHistory {
  std::string name = {};
  Pace pace = Pace::daily;
  std::vector<PastSnapshot> snapshots = {};  // dailies or weeklies, oldest first
  std::vector<PastSnapshot> monthlies = {};
  std::vector<PastDrill> drills = {};  // oldest first
};

struct HostHistory {
  std::string name = {};
  std::vector<JobHistory> jobs = {};         // by name
  std::vector<PastSnapshot> damaged = {};    // whose job nobody can tell
  std::vector<PastDrill> stray_drills = {};  // likewise
  std::vector<UnfinishedRun> unfinished = {};
};

struct History {
  Timestamp since{};                    // what is older is left out, but for the newest of its kind
  std::vector<HostHistory> hosts = {};  // by name

  // Null if there is none.
  const JobHistory* find(std::string_view host, std::string_view job) const {
    for (const HostHistory& one : hosts) {
      if (one.name != host) continue;
      for (const JobHistory& known : one.jobs) {
        if (known.name == job) return &known;
      }
    }
    return nullptr;
  }
};

}  // namespace lifeboat
