#include "engine/watch_listing.h"

#include <algorithm>

#include "base/error.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

// Runs end later than they begin, and keys hold the beginning.
constexpr std::chrono::hours run_length_max{24};

struct Parts {
  const ObjectInfo* manifest = nullptr;
  const ObjectInfo* archive = nullptr;
  Timestamp modified{};  // of the last one
};

Timestamp time_of(const SnapshotId& id, Timestamp modified) {
  const Timestamp end = period_end(id);
  return modified > end + run_length_max ? end : modified;
}

std::vector<ListedRun>& shelf_of(ListedHost& host, const SnapshotId& id, const Parts& parts) {
  if (parts.manifest == nullptr) return host.unfinished;
  if (parts.archive == nullptr) return host.without_archive;
  if (id.tier == Tier::monthly) return host.monthlies;
  return id.tier == Tier::weekly ? host.weeklies : host.dailies;
}

void add_drill(const ObjectInfo& object, Date day, std::optional<Timestamp>& last) {
  const Timestamp end = sys_days(day) + days(1);
  const Timestamp time = object.modified > end + run_length_max ? end : object.modified;
  last = std::max(last.value_or(time), time);
}

}  // namespace

const std::vector<ListedRun>& ListedHost::of(Tier tier) const {
  switch (tier) {
    case Tier::daily:
      return dailies;
    case Tier::monthly:
      return monthlies;
    case Tier::weekly:
      break;
  }
  return weeklies;
}

Timestamp period_begin(const SnapshotId& id) { return sys_days(id.date); }

Timestamp period_end(const SnapshotId& id) {
  switch (id.tier) {
    case Tier::daily:
      return sys_days(id.date) + days(1);
    case Tier::weekly:
      return sys_days(id.date) + days(7);
    case Tier::monthly:
      break;
  }
  return sys_days(id.date + std::chrono::months(1));
}

std::map<std::string, ListedHost> sort_listing(const std::vector<ObjectInfo>& listing) {
  std::map<std::string, ListedHost> hosts;
  std::map<SnapshotId, Parts> snapshots;
  for (const ObjectInfo& object : listing) {
    if (const auto day = parse_drill_key(object.key)) {
      add_drill(object, *day, hosts[object.key.substr(0, object.key.find('/'))].last_drill);
    }
    const auto id = parse_object_key(object.key);
    if (!id) continue;
    Parts& parts = snapshots[*id];
    if (object.key == id->manifest_key()) parts.manifest = &object;
    if (object.key == id->archive_key()) parts.archive = &object;
    parts.modified = std::max(parts.modified, object.modified);
  }
  for (const auto& [id, parts] : snapshots) {
    const Timestamp modified = parts.manifest ? parts.manifest->modified : parts.modified;
    shelf_of(hosts[id.host], id, parts)
        .push_back({id, time_of(id, modified), modified, parts.archive ? parts.archive->size : 0});
  }
  for (auto& [name, host] : hosts) {
    for (auto* runs : {&host.dailies, &host.monthlies, &host.weeklies, &host.unfinished,
                       &host.without_archive}) {
      std::stable_sort(runs->begin(), runs->end(),
                       [](const ListedRun& a, const ListedRun& b) { return a.time < b.time; });
    }
  }
  return hosts;
}

}  // namespace lifeboat
