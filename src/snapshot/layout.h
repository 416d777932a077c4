// Where the objects of a snapshot lie in a store. The only place that makes or reads keys.
//
//   <host>/<YYYY-MM-DD>/backup.tar.zst.age     archive, date in UTC of the run's start
//   <host>/<YYYY-MM-DD>/backup.index.age       index
//   <host>/<YYYY-MM-DD>/manifest.json          manifest, written last: the commit
//   <host>/drills/<YYYY-MM-DD>.json            drill evidence
//
// A second run on one day has "-HHMMSS" before the first dot of each of the three names, and so has
// a second drill.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace lifeboat {

// Names one snapshot. `suffix` is empty for a day's first run, else "HHMMSS".
struct SnapshotId {
  std::string host;
  Date date{};
  std::string suffix;

  // "vps-h1/2026-05-07" or "vps-h1/2026-05-07-020000": what people type and lists show.
  std::string text() const;
  std::string archive_key() const;
  std::string index_key() const;
  std::string manifest_key() const;
  friend bool operator==(const SnapshotId&, const SnapshotId&) = default;
};
// By host, then date, then suffix (the first run of a day first).
bool operator<(const SnapshotId& left, const SnapshotId& right);

// The snapshot whose manifest `key` is, if it is one of a nightly snapshot.
std::optional<SnapshotId> parse_manifest_key(std::string_view key);
// The snapshot whose archive `key` is, likewise.
std::optional<SnapshotId> parse_archive_key(std::string_view key);
// "2026-05-07" or "2026-05-07-020000" as a snapshot of `host`; nothing for any other text.
std::optional<SnapshotId> parse_snapshot_name(std::string_view host, std::string_view name);
// "vps-h1/drills/2026-05-07.json", or with "-HHMMSS".
std::string drill_key(std::string_view host, Timestamp time, bool first_of_day);
// Throws Error(config) unless `host` is a name by the rules of base/names.h.
void check_host(std::string_view host);

}  // namespace lifeboat
