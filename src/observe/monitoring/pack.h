// The monitoring pack: alert rules and their tests, Alertmanager's route, a Grafana dashboard and a
// runbook, as files for a folder.
//
// All but one are the files of deploy/monitoring, word by word, so that what is tested there is
// what people get. What differs from one fleet to the next is a small file of its own,
// backups_settings.yml: templates would be files that neither promtool nor an editor understands.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"

namespace lifeboat {

// A job whose absence is an alert.
struct ExpectedJob {
  std::string host;
  std::string job;
  // For hosts that do not tell it themselves; nothing: 26 hours.
  std::optional<std::chrono::seconds> stale_after;
};

struct PackOptions {
  std::vector<ExpectedJob> expected;  // of each host and job the first counts
  // One limit for all jobs, whatever their schedules; not for those that are run by hand.
  std::optional<std::chrono::seconds> stale_after;
  std::string runbook_url = "runbook.md";  // what #alert-backupstale is appended to
};

struct PackFile {
  std::string path;  // "prometheus/rules/backups.yml"
  std::string text;
};
std::vector<PackFile> monitoring_pack(const PackOptions& options);

enum class PackChange {
  created,
  updated,    // it was as an earlier call wrote it, or `force`
  unchanged,  // it is already so
  kept,       // a person changed it: left alone
};
// "created", "updated", "unchanged", "kept".
std::string_view pack_change_name(PackChange change);

struct PackWriteOptions {
  bool force = false;  // replaces what a person changed, too
};
// Writes `files` below `folder`, made if need be, and their checksums to
// `<folder>/.lifeboat-sha256` (for `sha256sum -c`): they tell a file that a person changed from one
// of an older version. One change per file, in the same order. Throws Error(usage).
std::vector<PackChange> write_pack(const std::filesystem::path& folder,
                                   const std::vector<PackFile>& files, Random& random,
                                   const PackWriteOptions& options = {});

}  // namespace lifeboat
