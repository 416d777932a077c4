// How results look, as text for people and as JSON for programs. Pure: everything comes in, a
// string or a value goes out, so that tests can pin what a person sees.
//
// Names from a snapshot or a service are made safe to print on the way.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "base/short_text.h"
#include "cli/table.h"
#include "engine/backup.h"
#include "engine/drill.h"
#include "engine/restore.h"
#include "engine/verify.h"
#include "recipe/recipe.h"
#include "snapshot/index.h"
#include "snapshot/manifest.h"
#include "snapshot/retention.h"

namespace lifeboat::cli {

// One row of `list`.
struct ListedSnapshot {
  SnapshotId id;
  Manifest manifest;          // meaningful unless damaged
  std::string damage;         // why the manifest cannot be read; empty if it can
  std::string distrust = {};  // why it is not believed all the same; empty if it is
};
std::string render_list(const std::vector<ListedSnapshot>& snapshots, Timestamp now,
                        const Style& style);
Json listed_to_json(const ListedSnapshot& snapshot);

// "-rw------- root/root  1234 2026-05-07 02:00:00 n8n/config", without a line end.
std::string render_member(const IndexMember& member);
Json member_to_json(const IndexMember& member);

std::string render_backup(const BackupResult& result, std::string_view store_name,
                          const Style& style);
Json backup_to_json(const BackupResult& result);

std::string render_verify(const SnapshotId& id, const VerifyResult& result, const Style& style);
Json verify_to_json(const SnapshotId& id, const VerifyResult& result);

std::string render_prune(const PrunePlan& plan, bool dry_run, const Style& style);
Json prune_to_json(const PrunePlan& plan, bool dry_run);

Json restore_to_json(const RestoreRequest& request, const RestoreResult& result);

// Ends with drill_line.
std::string render_drill(const DrillResult& result, const Style& style);
Json drill_to_json(const DrillResult& result);
std::string render_sabotage(const std::vector<SabotageOutcome>& outcomes, const Style& style);
Json sabotage_to_json(const SnapshotId& id, const std::vector<SabotageOutcome>& outcomes);

// "ok", "warning", "error", and the sign that stands for it.
std::string_view level_name(FindingLevel level);
std::string level_mark(FindingLevel level, const Style& style);

// One thing that `check` found; `area` gives the exit code of an error.
struct CheckFinding {
  ErrorKind area = ErrorKind::config;
  std::string subject;  // "store", "service n8n", "/etc/lifeboat/lifeboat.yaml:3:5"
  Finding finding;
};
std::string render_findings(const std::vector<CheckFinding>& findings, const Style& style);
Json findings_to_json(const std::vector<CheckFinding>& findings);

}  // namespace lifeboat::cli
