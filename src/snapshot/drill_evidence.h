// What a drill leaves in the store, <host>/drills/<date>.json: printed and read here alone.
//
// Pruning keeps what a drill proved, reports show when that was. What is read comes from the store
// and is not signed: it is a note for people, and nothing is deleted or restored because of it.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "snapshot/layout.h"
#include "store/store.h"

namespace lifeboat {

enum class DrillVerdict { ok, partial, failed };
// "RESTORE OK", "RESTORE PARTIAL", "RESTORE FAILED": how the line of a drill's result begins.
std::string_view drill_verdict_line(DrillVerdict verdict);

struct DrillEvidence {
  SnapshotId id;    // of the snapshot
  std::string job;  // empty in evidence that does not tell
  std::string archive_sha256;
  Timestamp drilled{};
  std::string engine;
  std::chrono::nanoseconds restore_duration{};  // until all lay on disk
  std::chrono::nanoseconds duration{};          // with all questions
  DrillVerdict verdict = DrillVerdict::failed;
  // Public keys ("age1...") whose private halves opened the snapshot: whoever keeps them still can.
  // Empty in evidence that does not tell.
  std::vector<std::string> opened_by;
  std::string result;  // the line, "RESTORE OK — 12 workflows"; cut to 500 bytes when read
};

// `archive` and `services`: every probe and its answer, for people.
std::string print_drill_evidence(const DrillEvidence& evidence, Json archive, Json services);
// Throws Error(verification) for what is no such evidence.
DrillEvidence parse_drill_evidence(std::string_view text, const std::string& key);
// The same from the store.
DrillEvidence load_drill_evidence(Store& store, const std::string& key);

}  // namespace lifeboat
