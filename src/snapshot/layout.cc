#include "snapshot/layout.h"

#include <tuple>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr size_t suffix_chars = 6;
constexpr std::string_view monthly_folder = "monthly/";
constexpr std::string_view weekly_folder = "supabase-weekly/";
constexpr std::string_view drills_folder = "drills/";
constexpr std::string_view archive_stem = "backup";
constexpr std::string_view archive_extension = ".tar.zst.age";
constexpr std::string_view index_extension = ".index.age";
constexpr std::string_view manifest_stem = "manifest";
constexpr std::string_view json_extension = ".json";

std::string dashed(const std::string& suffix) { return suffix.empty() ? "" : "-" + suffix; }

// The name below the host, without the suffix: "2026-05-07" or "monthly/2026-05".
std::string period(const SnapshotId& id) {
  const std::string date = print_date(id.date);
  if (id.tier == Tier::daily) return date;
  return format("{}{}", monthly_folder, date.substr(0, date.rfind('-')));
}

std::string make_key(const SnapshotId& id, std::string_view stem, std::string_view extension) {
  return format("{}{}{}{}", id.folder(), stem, dashed(id.suffix), extension);
}

// Reads "" or "-HHMMSS" into the suffix.
std::optional<std::string> parse_suffix(std::string_view text) {
  if (text.empty()) return "";
  if (text.size() != suffix_chars + 1 || text.front() != '-') return std::nullopt;
  text.remove_prefix(1);
  const bool is_time = text.find_first_not_of("0123456789") == std::string_view::npos &&
                       text.substr(0, 2) < "24" && text[2] < '6' && text[4] < '6';
  if (!is_time) return std::nullopt;
  return std::string(text);
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
  const auto suffix = parse_suffix(*between);
  if (!suffix) return std::nullopt;
  id->suffix = *suffix;
  return id;
}

}  // namespace

std::string SnapshotId::text() const {
  return format("{}/{}{}", host, period(*this), dashed(suffix));
}

std::string SnapshotId::folder() const { return format("{}/{}/", host, period(*this)); }

std::string SnapshotId::archive_key() const {
  return make_key(*this, archive_stem, archive_extension);
}

std::string SnapshotId::index_key() const { return make_key(*this, archive_stem, index_extension); }

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

bool is_copy(const SnapshotId& monthly, const SnapshotId& daily) {
  return monthly.tier == Tier::monthly && daily.tier == Tier::daily &&
         monthly_of(daily).folder() == monthly.folder();
}

std::optional<SnapshotId> parse_manifest_key(std::string_view key) {
  return parse_key(key, manifest_stem, json_extension);
}

std::optional<SnapshotId> parse_archive_key(std::string_view key) {
  return parse_key(key, archive_stem, archive_extension);
}

std::optional<SnapshotId> parse_object_key(std::string_view key) {
  if (auto id = parse_manifest_key(key)) return id;
  if (auto id = parse_archive_key(key)) return id;
  return parse_key(key, archive_stem, index_extension);
}

std::optional<SnapshotId> parse_snapshot_name(std::string_view host, std::string_view name) {
  const bool is_monthly = name.starts_with(monthly_folder);
  if (is_monthly) name.remove_prefix(monthly_folder.size());
  const size_t date_chars =
      is_monthly ? std::string_view("YYYY-MM").size() : std::string_view("YYYY-MM-DD").size();
  if (name.size() < date_chars) return std::nullopt;
  const std::string_view written = name.substr(0, date_chars);
  const auto date = try_date(is_monthly ? format("{}-01", written) : std::string(written));
  const auto suffix = parse_suffix(name.substr(date_chars));
  if (!date || !suffix) return std::nullopt;
  return SnapshotId{std::string(host), *date, *suffix, is_monthly ? Tier::monthly : Tier::daily};
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
