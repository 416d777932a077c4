#include "snapshot/layout.h"

#include <algorithm>
#include <string>
#include <tuple>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "base/text.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

// No clock shows others, and what is added to them (retention) still fits a Timestamp.
constexpr std::chrono::year year_min{1970};
constexpr std::chrono::year year_max{2199};
constexpr size_t suffix_chars = 6;         // HHMMSS
constexpr size_t weekly_suffix_chars = 7;  // DHHMMSS
constexpr std::string_view monthly_folder = "monthly/";
constexpr std::string_view weekly_folder = "supabase-weekly/";
constexpr std::string_view drills_folder = "drills/";
constexpr std::string_view archive_stem = "backup";
constexpr std::string_view archive_extension = ".tar.zst.age";
constexpr std::string_view weekly_stem = "supabase";
constexpr std::string_view weekly_extension = ".sql.gz.age";
constexpr std::string_view index_extension = ".index.age";
constexpr std::string_view manifest_stem = "manifest";
constexpr std::string_view json_extension = ".json";

std::string dashed(const std::string& suffix) { return suffix.empty() ? "" : "-" + suffix; }

// ISO 8601: a week belongs to the year of its Thursday, and week 1 has the year's first Thursday.
std::string iso_week(Date monday) {
  const Date thursday = sys_days(monday) + days(3);
  const auto day_of_year = sys_days(thursday) - sys_days(thursday.year() / 1 / 1);
  return format("{:04}-W{:02}", static_cast<int>(thursday.year()), day_of_year.count() / 7 + 1);
}

Date monday_of(Date date) {
  const std::chrono::weekday weekday{sys_days(date)};
  return sys_days(date) - (weekday - std::chrono::Monday);
}

// "2026-W19"; nothing for a week that its year does not have.
std::optional<Date> parse_iso_week(std::string_view text) {
  if (text.size() != std::string_view("YYYY-Www").size() || text.substr(4, 2) != "-W") {
    return std::nullopt;
  }
  const std::string digits = std::string(text.substr(0, 4)) + std::string(text.substr(6));
  if (digits.find_first_not_of("0123456789") != std::string::npos) return std::nullopt;
  const std::chrono::year year(std::stoi(digits.substr(0, 4)));
  const int week = std::stoi(digits.substr(4));
  const Date monday = sys_days(monday_of(year / 1 / 4)) + days(7 * (week - 1));
  if (iso_week(monday) != text) return std::nullopt;
  return monday;
}

// The name below the host, without the suffix: "2026-05-07", "monthly/2026-05" or
// "supabase-weekly/2026-W19".
std::string period(const SnapshotId& id) {
  if (id.tier == Tier::weekly) return format("{}{}", weekly_folder, iso_week(id.date));
  const std::string date = print_date(id.date);
  if (id.tier == Tier::daily) return date;
  return format("{}{}", monthly_folder, date.substr(0, date.rfind('-')));
}

std::string make_key(const SnapshotId& id, std::string_view stem, std::string_view extension) {
  return format("{}{}{}{}", id.folder(), stem, dashed(id.suffix), extension);
}

// Reads "", "-HHMMSS" or, of a weekly, "-DHHMMSS" into the suffix.
std::optional<std::string> parse_suffix(std::string_view text, Tier tier) {
  if (text.empty()) return "";
  const size_t chars = tier == Tier::weekly ? weekly_suffix_chars : suffix_chars;
  if (text.size() != chars + 1 || text.front() != '-') return std::nullopt;
  const std::string_view suffix = text.substr(1);
  if (tier == Tier::weekly && (suffix[0] < '1' || suffix[0] > '7')) return std::nullopt;
  const std::string_view time = suffix.substr(chars - suffix_chars);
  const bool is_time = time.find_first_not_of("0123456789") == std::string_view::npos &&
                       time.substr(0, 2) < "24" && time[2] < '6' && time[4] < '6';
  if (!is_time) return std::nullopt;
  return std::string(suffix);
}

std::optional<Date> try_date(std::string_view text) {
  try {
    return parse_date(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

// What stands between `stem` and `extension`.
std::optional<std::string_view> strip(std::string_view name, std::string_view stem,
                                      std::string_view extension) {
  const bool fits = name.size() >= stem.size() + extension.size() && name.starts_with(stem) &&
                    name.ends_with(extension);
  if (!fits) return std::nullopt;
  return name.substr(stem.size(), name.size() - stem.size() - extension.size());
}

std::optional<SnapshotId> parse_key(std::string_view key, std::string_view stem,
                                    std::string_view extension) {
  const size_t slash = key.rfind('/');
  if (slash == std::string_view::npos) return std::nullopt;
  std::optional<SnapshotId> id = parse_snapshot_text(key.substr(0, slash));
  const auto between = strip(key.substr(slash + 1), stem, extension);
  if (!id || !id->suffix.empty() || !between) return std::nullopt;
  const auto suffix = parse_suffix(*between, id->tier);
  if (!suffix) return std::nullopt;
  id->suffix = *suffix;
  return id;
}

std::string_view stem_of(Tier tier) { return tier == Tier::weekly ? weekly_stem : archive_stem; }

std::string_view extension_of(Tier tier) {
  return tier == Tier::weekly ? weekly_extension : archive_extension;
}

// Only if `found` is of that tier: no weekly has an archive of the dailies' name, nor the reverse.
std::optional<SnapshotId> of_tiers(std::optional<SnapshotId> found, bool is_weekly) {
  if (found && (found->tier == Tier::weekly) != is_weekly) return std::nullopt;
  return found;
}

std::optional<SnapshotId> parse_stored_key(std::string_view key, std::string_view extension,
                                           std::string_view weekly) {
  if (auto id = of_tiers(parse_key(key, archive_stem, extension), false)) return id;
  return of_tiers(parse_key(key, weekly_stem, weekly), true);
}

}  // namespace

std::string SnapshotId::text() const {
  return format("{}/{}{}", host, period(*this), dashed(suffix));
}

std::string SnapshotId::folder() const { return format("{}/{}/", host, period(*this)); }

std::string SnapshotId::archive_key() const {
  return make_key(*this, stem_of(tier), extension_of(tier));
}

std::string SnapshotId::index_key() const {
  return make_key(*this, stem_of(tier), index_extension);
}

std::string SnapshotId::manifest_key() const {
  return make_key(*this, manifest_stem, json_extension);
}

bool operator<(const SnapshotId& left, const SnapshotId& right) {
  return std::tie(left.host, left.tier, left.date, left.suffix) <
         std::tie(right.host, right.tier, right.date, right.suffix);
}

SnapshotId monthly_of(const SnapshotId& daily) {
  const Date first{daily.date.year(), daily.date.month(), std::chrono::day(1)};
  return {daily.host, first, "", Tier::monthly};
}

std::string_view tier_name(Tier tier) {
  switch (tier) {
    case Tier::daily:
      return "daily";
    case Tier::monthly:
      return "monthly";
    case Tier::weekly:
      break;
  }
  return "weekly";
}

SnapshotId weekly_of(std::string_view host, Timestamp start) {
  return {std::string(host), monday_of(date_of(start)), "", Tier::weekly};
}

std::string suffix_of(Tier tier, Timestamp start) {
  const std::string time = print_compact_time_of_day(start);
  if (tier != Tier::weekly) return time;
  const std::chrono::weekday weekday{sys_days(date_of(start))};
  return format("{}{}", weekday.iso_encoding(), time);
}

bool is_copy(const SnapshotId& monthly, const SnapshotId& daily) {
  return monthly.tier == Tier::monthly && daily.tier == Tier::daily &&
         monthly_of(daily).folder() == monthly.folder();
}

std::optional<SnapshotId> parse_manifest_key(std::string_view key) {
  return parse_key(key, manifest_stem, json_extension);
}

std::optional<SnapshotId> parse_archive_key(std::string_view key) {
  return parse_stored_key(key, archive_extension, weekly_extension);
}

std::optional<SnapshotId> parse_object_key(std::string_view key) {
  if (auto id = parse_manifest_key(key)) return id;
  if (auto id = parse_archive_key(key)) return id;
  return parse_stored_key(key, index_extension, index_extension);
}

std::optional<SnapshotId> parse_snapshot_name(std::string_view host, std::string_view name) {
  struct Form {
    Tier tier;
    std::string_view folder;
    size_t chars;
  };
  constexpr Form forms[] = {{Tier::weekly, weekly_folder, std::string_view("YYYY-Www").size()},
                            {Tier::monthly, monthly_folder, std::string_view("YYYY-MM").size()},
                            {Tier::daily, "", std::string_view("YYYY-MM-DD").size()}};
  const Form& form =
      *std::ranges::find_if(forms, [&](const Form& one) { return name.starts_with(one.folder); });
  name.remove_prefix(form.folder.size());
  if (name.size() < form.chars) return std::nullopt;
  const std::string_view written = name.substr(0, form.chars);
  const auto date = form.tier == Tier::weekly    ? parse_iso_week(written)
                    : form.tier == Tier::monthly ? try_date(format("{}-01", written))
                                                 : try_date(written);
  const auto suffix = parse_suffix(name.substr(form.chars), form.tier);
  if (!date || !suffix) return std::nullopt;
  if (date->year() < year_min || date->year() > year_max) return std::nullopt;
  return SnapshotId{std::string(host), *date, *suffix, form.tier};
}

std::optional<SnapshotId> parse_snapshot_text(std::string_view text) {
  const size_t slash = text.find('/');
  if (slash == std::string_view::npos || !is_host_name(text.substr(0, slash))) return std::nullopt;
  return parse_snapshot_name(text.substr(0, slash), text.substr(slash + 1));
}

std::string drill_key(std::string_view host, Timestamp time, bool first_of_day) {
  const std::string suffix = first_of_day ? "" : print_compact_time_of_day(time);
  return format("{}{}{}{}", drills_prefix(host), print_date(date_of(time)), dashed(suffix),
                json_extension);
}

std::optional<Date> parse_drill_key(std::string_view key) {
  const size_t slash = key.find('/');
  if (slash == std::string_view::npos || !is_host_name(key.substr(0, slash))) return std::nullopt;
  const auto name = strip(key.substr(slash + 1), drills_folder, json_extension);
  const auto id = name ? parse_snapshot_name("", *name) : std::nullopt;
  if (!id || id->tier != Tier::daily) return std::nullopt;
  return id->date;
}

std::string daily_prefix(std::string_view host) { return format("{}/2", host); }

std::string monthly_prefix(std::string_view host) { return format("{}/{}", host, monthly_folder); }

std::string weekly_prefix(std::string_view host) { return format("{}/{}", host, weekly_folder); }

std::string drills_prefix(std::string_view host) { return format("{}/{}", host, drills_folder); }

void check_host(std::string_view host) {
  if (is_host_name(host)) return;
  throw Error(ErrorKind::config, format("'{}' is not a name for a host", printable(host)))
      .hint(format("Use {}; {} are taken by the store's own folders.", host_name_rule,
                   join(host_names_reserved, ", ")));
}

}  // namespace lifeboat
