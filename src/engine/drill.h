// The restore drill: a snapshot into scratch, every service proves itself, scratch goes.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/age/age.h"
#include "engine/environment.h"
#include "snapshot/drill_evidence.h"
#include "snapshot/layout.h"
#include "snapshot/manifest.h"

namespace lifeboat {

// Where services themselves are started on what was restored, besides the questions to the files.
enum class DrillEngine {
  none,    // nothing is started
  host,    // by the host's own programs
  docker,  // in containers that reach nothing
};
// "none", "host", "docker"; nothing for other text.
std::optional<DrillEngine> parse_drill_engine(std::string_view text);
std::string_view drill_engine_name(DrillEngine engine);

struct DrillRequest {
  SnapshotId id;
  std::span<const age::Identity> identities;
  std::filesystem::path scratch_dir;        // parent of the scratch folder
  uint64_t scratch_bytes_max = UINT64_MAX;  // more than that extracted: Error(limit)
  bool keep_evidence = true;                // writes <host>/drills/<date>.json to the store
  DrillEngine engine = DrillEngine::none;   // a sabotage starts nothing
};

struct DrilledService {
  std::string name;
  std::string recipe;
  bool in_snapshot = true;  // false: it failed at backup time
  std::vector<Item> items;  // as proved
  std::vector<ProbeResult> probes;
  // An engine was asked for, and yet the service itself was not started: why. No failure.
  std::string not_started = {};
  bool passed() const;
};

struct DrillResult {
  SnapshotId id;
  Manifest manifest;
  DrillVerdict verdict = DrillVerdict::failed;
  std::vector<ProbeResult> archive_probes;  // hashes, index, members on disk
  std::vector<DrilledService> services;
  std::vector<std::string> opened_by;  // public keys whose private halves opened it
  std::string evidence_key;            // empty if none was written
  std::vector<std::string> warnings;   // no evidence, or scratch is left: why; no failure
  DrillEngine engine = DrillEngine::none;
  std::chrono::nanoseconds age{};               // of the snapshot at the drill
  std::chrono::nanoseconds restore_duration{};  // until all lay on disk: the recovery time
  std::chrono::nanoseconds duration{};          // with all questions
};

// Every fault of the snapshot itself (hash, key, format) is thrown as by verify_snapshot; what the
// restored services answer is in the result. Scratch is removed on every path, or the result warns;
// leftovers of killed drills in `scratch_dir` are swept first.
DrillResult run_drill(const DrillRequest& request, Environment& environment);

// "RESTORE OK — 12 workflows, 8 credentials, 1 WAHA session"
std::string drill_line(const DrillResult& result);

// One way to break a restore, and whether the drill noticed.
struct SabotageOutcome {
  std::string service;  // empty: the archive itself
  std::string name;     // "flipped byte", "missing member", "missing row", "wrong key" ...
  std::string description;
  bool caught = false;
  std::string caught_by;  // the error or the failed probe
};

// Proves that the drill can fail: damages copies (never the store) in every way the engine and the
// services' recipes know. All must be caught.
std::vector<SabotageOutcome> run_sabotage(const DrillRequest& request, Environment& environment);

}  // namespace lifeboat
