// Where the objects of a snapshot lie in a store. The only place that makes or reads keys.
//
//   <host>/<YYYY-MM-DD>/backup.tar.zst.age     archive, date in UTC of the run's start
//   <host>/<YYYY-MM-DD>/backup.index.age       index
//   <host>/<YYYY-MM-DD>/manifest.json          manifest, written last: the commit
//   <host>/monthly/<YYYY-MM>/...               the same three: a copy of a good snapshot of that
//                                              month
//   <host>/supabase-weekly/<YYYY>-W<ww>/       ISO week (%G-W%V) in UTC of the run's start:
//       supabase.sql.gz.age, supabase.index.age, manifest.json
//   <host>/drills/<YYYY-MM-DD>.json            drill evidence
//
// A second run on one day has "-HHMMSS" before the first dot of each of the three names, and so has
// a second copy in a month and a second drill. A second run in a week has "-DHHMMSS", where D is
// the day of the week, 1 for Monday, so that names are in the order of time.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"

namespace lifeboat {

enum class Tier { daily, monthly, weekly };
// "daily", "monthly", "weekly".
std::string_view tier_name(Tier tier);

// Names one snapshot. `suffix` is empty for the first of a day, month or week, else "HHMMSS", of a
// weekly "DHHMMSS".
struct SnapshotId {
  std::string host;
  Date date{};  // of a monthly the first of its month, of a weekly its Monday
  std::string suffix;
  Tier tier = Tier::daily;

  // "vps-h1/2026-05-07", "vps-h1/2026-05-07-020000", "vps-h1/monthly/2026-05", "...-020000",
  // "vps-h1/supabase-weekly/2026-W19": what people type and lists show.
  std::string text() const;
  // What its keys begin with, the last '/' included: "vps-h1/2026-05-07/".
  std::string folder() const;
  std::string archive_key() const;
  std::string index_key() const;
  std::string manifest_key() const;
  friend bool operator==(const SnapshotId&, const SnapshotId&) = default;
};
// By host, dailies before monthlies before weeklies, then date, then suffix (the first run of a day
// first).
bool operator<(const SnapshotId& left, const SnapshotId& right);

// The monthly, without suffix, that a copy of `daily` belongs to.
SnapshotId monthly_of(const SnapshotId& daily);
// May `monthly` be a copy of `daily`: a monthly and a daily, of one host and month?
bool is_copy(const SnapshotId& monthly, const SnapshotId& daily);

// The weekly, without suffix, of a run that starts at `start`.
SnapshotId weekly_of(std::string_view host, Timestamp start);
// What tells a second run in its day, month or week from the first.
std::string suffix_of(Tier tier, Timestamp start);

// The snapshot whose manifest `key` is, if it is one.
std::optional<SnapshotId> parse_manifest_key(std::string_view key);
// The snapshot whose archive `key` is, likewise.
std::optional<SnapshotId> parse_archive_key(std::string_view key);
// The snapshot that `key` is an object of: archive, index or manifest.
std::optional<SnapshotId> parse_object_key(std::string_view key);
// "2026-05-07", "monthly/2026-05" or "supabase-weekly/2026-W19", each with or without the suffix,
// as a snapshot of `host`; nothing for any other text.
std::optional<SnapshotId> parse_snapshot_name(std::string_view host, std::string_view name);
// The inverse of SnapshotId::text.
std::optional<SnapshotId> parse_snapshot_text(std::string_view text);
// "vps-h1/drills/2026-05-07.json", or with "-HHMMSS".
std::string drill_key(std::string_view host, Timestamp time, bool first_of_day);
// The day of a drill whose evidence `key` is.
std::optional<Date> parse_drill_key(std::string_view key);

// What all keys of one kind begin with, and no others of the host: "vps-h1/2" (the year of each
// date), "vps-h1/monthly/" ...
std::string daily_prefix(std::string_view host);
std::string monthly_prefix(std::string_view host);
std::string weekly_prefix(std::string_view host);
std::string drills_prefix(std::string_view host);

// Throws Error(config) unless `host` is a name by the rules of base/names.h.
void check_host(std::string_view host);

}  // namespace lifeboat
