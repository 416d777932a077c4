#include "snapshot/layout.h"

#include <tuple>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr size_t date_chars = 10;
constexpr size_t suffix_chars = 6;
constexpr std::string_view archive_stem = "backup";
constexpr std::string_view archive_extension = ".tar.zst.age";
constexpr std::string_view index_extension = ".index.age";
constexpr std::string_view manifest_stem = "manifest";
constexpr std::string_view manifest_extension = ".json";

std::string make_key(const SnapshotId& id, std::string_view stem, std::string_view extension) {
  const std::string_view dash = id.suffix.empty() ? "" : "-";
  return format("{}/{}/{}{}{}{}", id.host, print_date(id.date), stem, dash, id.suffix, extension);
}

// A time of day as "HHMMSS".
bool is_suffix(std::string_view text) {
  const bool six_digits =
      text.size() == suffix_chars && text.find_first_not_of("0123456789") == std::string_view::npos;
  return six_digits && text.substr(0, 2) < "24" && text[2] < '6' && text[4] < '6';
}

std::optional<Date> try_date(std::string_view text) {
  try {
    return parse_date(text);
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::optional<SnapshotId> parse_key(std::string_view key, std::string_view stem,
                                    std::string_view extension) {
  const std::vector<std::string> parts = split(key, '/');
  if (parts.size() != 3 || !is_host_name(parts[0]) || parts[1].size() != date_chars)
    return std::nullopt;
  std::string_view name = parts[2];
  if (!name.starts_with(stem) || !name.ends_with(extension)) return std::nullopt;
  if (name.size() < stem.size() + extension.size()) return std::nullopt;
  name.remove_prefix(stem.size());
  name.remove_suffix(extension.size());
  return parse_snapshot_name(parts[0], format("{}{}", parts[1], name));
}

}  // namespace

std::string SnapshotId::text() const {
  return format("{}/{}{}{}", host, print_date(date), suffix.empty() ? "" : "-", suffix);
}

std::string SnapshotId::archive_key() const {
  return make_key(*this, archive_stem, archive_extension);
}

std::string SnapshotId::index_key() const { return make_key(*this, archive_stem, index_extension); }

std::string SnapshotId::manifest_key() const {
  return make_key(*this, manifest_stem, manifest_extension);
}

bool operator<(const SnapshotId& left, const SnapshotId& right) {
  return std::tie(left.host, left.date, left.suffix) <
         std::tie(right.host, right.date, right.suffix);
}

std::optional<SnapshotId> parse_manifest_key(std::string_view key) {
  return parse_key(key, manifest_stem, manifest_extension);
}

std::optional<SnapshotId> parse_archive_key(std::string_view key) {
  return parse_key(key, archive_stem, archive_extension);
}

std::optional<SnapshotId> parse_snapshot_name(std::string_view host, std::string_view name) {
  const std::optional<Date> date = try_date(name.substr(0, date_chars));
  if (!date) return std::nullopt;
  if (name.size() == date_chars) return SnapshotId{std::string(host), *date, ""};
  const std::string_view suffix = name.substr(date_chars + 1);
  if (name[date_chars] != '-' || !is_suffix(suffix)) return std::nullopt;
  return SnapshotId{std::string(host), *date, std::string(suffix)};
}

std::string drill_key(std::string_view host, Timestamp time, bool first_of_day) {
  const std::string suffix = first_of_day ? "" : "-" + print_compact_time_of_day(time);
  return format("{}/drills/{}{}.json", host, print_date(date_of(time)), suffix);
}

void check_host(std::string_view host) {
  if (is_host_name(host)) return;
  throw Error(ErrorKind::config, format("'{}' is not a name for a host", printable(host)))
      .hint(format("Use {}; {} are taken by the store's own folders.", host_name_rule,
                   join(host_names_reserved, ", ")));
}

}  // namespace lifeboat
