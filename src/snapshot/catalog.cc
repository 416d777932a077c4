#include "snapshot/catalog.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr size_t nearest_shown = 3;
constexpr std::string_view latest = "latest";

// What a person typed, taken apart.
struct Asked {
  std::string host;  // empty: not said
  bool latest = false;
  Date date{};
  std::string suffix;  // empty: the last run of the day
};

Asked parse_asked(std::string_view text) {
  const size_t slash = text.find('/');
  const bool has_host = slash != std::string_view::npos;
  const std::string_view name = has_host ? text.substr(slash + 1) : text;
  const std::string host(has_host ? text.substr(0, slash) : "");
  if (!has_host || is_host_name(host)) {
    if (name == latest) return {host, true, {}, ""};
    if (const auto id = parse_snapshot_name(host, name)) return {host, false, id->date, id->suffix};
  }
  throw Error(ErrorKind::usage, format("'{}' does not name a snapshot", printable(text)))
      .hint(
          "Write 'latest', a date such as 2026-05-07 or 2026-05-07-020000, or put a host before "
          "it: vps-h1/latest.");
}

std::set<std::string> hosts_of(const std::vector<SnapshotId>& snapshots) {
  std::set<std::string> hosts;
  for (const SnapshotId& id : snapshots) hosts.insert(id.host);
  return hosts;
}

[[noreturn]] void fail_empty(Store& store, const std::string& host) {
  if (host.empty()) {
    throw Error(ErrorKind::store, format("find a snapshot: {} holds none", store.name()))
        .hint("Run 'lifeboat backup', or check that this is the right store.");
  }
  Error error(ErrorKind::store,
              format("find a snapshot of host '{}': {} holds none", host, store.name()));
  const auto others = hosts_of(list_snapshots(store, ""));
  error.add_hint(others.empty() ? "Run 'lifeboat backup', or check that this is the right store."
                                : format("It holds snapshots of: {}.", join(others, ", ")));
  throw error;
}

[[noreturn]] void fail_no_such_date(const Asked& asked, std::vector<SnapshotId> snapshots) {
  const auto distance = [&](const SnapshotId& id) {
    return std::chrono::abs(std::chrono::sys_days(id.date) - std::chrono::sys_days(asked.date));
  };
  std::stable_sort(snapshots.begin(), snapshots.end(),
                   [&](const SnapshotId& left, const SnapshotId& right) {
                     return distance(left) < distance(right);
                   });
  snapshots.resize(std::min(snapshots.size(), nearest_shown));
  std::sort(snapshots.begin(), snapshots.end());
  std::vector<std::string> names;
  for (const SnapshotId& id : snapshots) names.push_back(id.text());
  const SnapshotId wanted{snapshots.front().host, asked.date, asked.suffix};
  throw Error(ErrorKind::store, format("find snapshot '{}': there is none", wanted.text()))
      .hint(format("The nearest are: {}.", join(names, ", ")));
}

}  // namespace

std::vector<SnapshotId> list_snapshots(Store& store, std::string_view host) {
  std::vector<SnapshotId> snapshots;
  for (const ObjectInfo& info : store.list(host.empty() ? "" : format("{}/", host))) {
    if (auto id = parse_manifest_key(info.key)) snapshots.push_back(std::move(*id));
  }
  std::sort(snapshots.begin(), snapshots.end());
  return snapshots;
}

SnapshotId resolve_snapshot(Store& store, std::string_view text, std::string_view default_host) {
  Asked asked = parse_asked(text);
  if (asked.host.empty()) asked.host = default_host;
  const std::vector<SnapshotId> snapshots = list_snapshots(store, asked.host);
  if (snapshots.empty()) fail_empty(store, asked.host);
  if (asked.host.empty() && snapshots.front().host != snapshots.back().host) {
    throw Error(ErrorKind::usage,
                format("'{}' may be of several hosts: {}", text, join(hosts_of(snapshots), ", ")))
        .hint(format("Say which one: {}/{}.", snapshots.front().host, text));
  }
  if (asked.latest) return snapshots.back();
  const auto found = std::find_if(snapshots.rbegin(), snapshots.rend(), [&](const SnapshotId& id) {
    return id.date == asked.date && (asked.suffix.empty() || id.suffix == asked.suffix);
  });
  if (found == snapshots.rend()) fail_no_such_date(asked, snapshots);
  return *found;
}

Manifest load_manifest(Store& store, const SnapshotId& id) {
  const std::string key = id.manifest_key();
  const auto source = store.open(key);
  const Bytes bytes = read_all(*source, manifest_bytes_max, format("manifest '{}'", key));
  Manifest manifest = parse_manifest(as_text(bytes), key);
  // The index key and the host were compared with the archive's by the parser.
  if (manifest.archive_key != id.archive_key()) {
    throw Error(ErrorKind::verification,
                format("read manifest '{}': it is that of '{}'", key, manifest.archive_key))
        .hint("Someone copied or moved it; use another snapshot.");
  }
  return manifest;
}

SnapshotId next_snapshot_id(Store& store, const std::string& host, Timestamp start) {
  const Date date = date_of(start);
  std::set<std::string, std::less<>> taken;
  for (const ObjectInfo& info : store.list(format("{}/{}/", host, print_date(date)))) {
    taken.insert(info.key);
  }
  SnapshotId id{host, date, ""};
  while (taken.contains(id.archive_key()) || taken.contains(id.index_key()) ||
         taken.contains(id.manifest_key())) {
    if (!id.suffix.empty()) start += std::chrono::seconds(1);
    if (date_of(start) != date) {
      throw Error(ErrorKind::store,
                  format("find a free name below '{}/{}': none is left", host, print_date(date)))
          .hint("Try again: the new day has names of its own.");
    }
    id.suffix = print_compact_time_of_day(start);
  }
  return id;
}

}  // namespace lifeboat
