#include "snapshot/catalog.h"

#include <algorithm>
#include <array>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr size_t nearest_shown = 3;
constexpr std::string_view latest = "latest";
constexpr std::string_view latest_weekly = "supabase-weekly/latest";

// What a person typed, taken apart.
struct Asked {
  SnapshotId id;  // host empty: not said; suffix empty: any
  bool latest = false;
};

Asked parse_asked(std::string_view text) {
  const auto parse_name = [](std::string_view host, std::string_view name) -> std::optional<Asked> {
    if (name == latest) return Asked{{.host = std::string(host), .suffix = ""}, true};
    if (name == latest_weekly) {
      return Asked{{.host = std::string(host), .suffix = "", .tier = Tier::weekly}, true};
    }
    if (auto id = parse_snapshot_name(host, name)) return Asked{std::move(*id), false};
    return std::nullopt;
  };
  if (auto asked = parse_name("", text)) return *asked;
  const size_t slash = text.find('/');
  if (slash != std::string_view::npos && is_host_name(text.substr(0, slash))) {
    if (auto asked = parse_name(text.substr(0, slash), text.substr(slash + 1))) return *asked;
  }
  throw Error(ErrorKind::usage, format("'{}' does not name a snapshot", printable(text)))
      .hint(
          "Write 'latest', a date such as 2026-05-07 or 2026-05-07-020000, a month such as "
          "monthly/2026-05, a week such as supabase-weekly/2026-W19 or supabase-weekly/latest, or "
          "put "
          "a host before it: vps-h1/latest.");
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

// The snapshots of `host`'s tier that lie nearest to `asked`, in their order.
std::vector<SnapshotId> nearest_of_tier(const SnapshotId& asked,
                                        const std::vector<SnapshotId>& snapshots) {
  std::vector<SnapshotId> near;
  for (const SnapshotId& id : snapshots) {
    if (id.tier == asked.tier) near.push_back(id);
  }
  const auto distance = [&](const SnapshotId& id) {
    return std::chrono::abs(std::chrono::sys_days(id.date) - std::chrono::sys_days(asked.date));
  };
  std::stable_sort(near.begin(), near.end(), [&](const SnapshotId& left, const SnapshotId& right) {
    return distance(left) < distance(right);
  });
  near.resize(std::min(near.size(), nearest_shown));
  std::sort(near.begin(), near.end());
  return near;
}

[[noreturn]] void fail_not_there(SnapshotId asked, const std::vector<SnapshotId>& snapshots) {
  asked.host = snapshots.front().host;
  Error error(ErrorKind::store, format("find snapshot '{}': there is none", asked.text()));
  std::vector<std::string> names;
  for (const SnapshotId& id : snapshots) {
    if (is_copy(id, asked)) names.push_back(id.text());
  }
  if (!names.empty()) error.add_hint(format("Of that month there is: {}.", join(names, ", ")));
  names.clear();
  for (const SnapshotId& id : nearest_of_tier(asked, snapshots)) names.push_back(id.text());
  if (!names.empty()) error.add_hint(format("The nearest are: {}.", join(names, ", ")));
  throw error;
}

// Takes one out, each as likely as the other.
SnapshotId draw(std::vector<SnapshotId>& from, Random& random) {
  std::array<std::byte, 8> bytes{};
  random.fill(bytes);
  uint64_t number = 0;
  for (const std::byte byte : bytes) number = number << 8 | std::to_integer<uint64_t>(byte);
  const auto at = from.begin() + static_cast<std::ptrdiff_t>(number % from.size());
  SnapshotId drawn = std::move(*at);
  from.erase(at);
  return drawn;
}

bool is_ahead(const SnapshotId& id, Timestamp now) {
  return std::chrono::sys_days(id.date) >
         std::chrono::floor<std::chrono::days>(now) + std::chrono::days(1);
}

// The last of the newest day; the monthlies are older, or copies, and the weeklies another job's.
const SnapshotId* newest(const std::vector<SnapshotId>& snapshots, bool weekly_only,
                         const LatestBy& by) {
  for (const Tier tier : {Tier::daily, Tier::monthly, Tier::weekly}) {
    if (weekly_only && tier != Tier::weekly) continue;
    const auto last = std::find_if(snapshots.rbegin(), snapshots.rend(),
                                   [&](const SnapshotId& id) { return id.tier == tier; });
    if (last == snapshots.rend()) continue;
    const auto found = std::find_if(last, snapshots.rend(), [&](const SnapshotId& id) {
      return id.tier == tier && !is_ahead(id, by.now);
    });
    // If all are ahead, it is the clock of here and now that is wrong.
    if (found == snapshots.rend() || found == last) return &*last;
    if (by.passed_over != nullptr) *by.passed_over = *last;
    return &*found;
  }
  return nullptr;
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

SnapshotId resolve_snapshot(Store& store, std::string_view text, std::string_view default_host,
                            const LatestBy& by) {
  Asked asked = parse_asked(text);
  if (asked.id.host.empty()) asked.id.host = default_host;
  const std::vector<SnapshotId> snapshots = list_snapshots(store, asked.id.host);
  if (snapshots.empty()) fail_empty(store, asked.id.host);
  if (asked.id.host.empty() && snapshots.front().host != snapshots.back().host) {
    throw Error(ErrorKind::usage,
                format("'{}' may be of several hosts: {}", text, join(hosts_of(snapshots), ", ")))
        .hint(format("Say which one: {}/{}.", snapshots.front().host, text));
  }
  if (asked.latest) {
    const SnapshotId* found = newest(snapshots, asked.id.tier == Tier::weekly, by);
    if (found != nullptr) return *found;
    throw Error(ErrorKind::store, format("find the newest weekly of host '{}': there is none",
                                         snapshots.front().host))
        .hint("A job with 'stream: true' makes them.");
  }
  asked.id.host = snapshots.front().host;
  const bool as_written = asked.id.tier == Tier::monthly || !asked.id.suffix.empty();
  if (as_written && std::binary_search(snapshots.begin(), snapshots.end(), asked.id)) {
    return asked.id;
  }
  const auto found = std::find_if(snapshots.rbegin(), snapshots.rend(), [&](const SnapshotId& id) {
    return asked.id.suffix.empty() && id.folder() == asked.id.folder();
  });
  if (found == snapshots.rend()) fail_not_there(asked.id, snapshots);
  return *found;
}

SnapshotId random_snapshot(Store& store, std::string_view host, const Trust& trust,
                           Random& random) {
  const std::string meant = resolve_snapshot(store, latest, host).host;
  std::vector<SnapshotId> left = list_snapshots(store, meant);
  std::erase_if(left, [](const SnapshotId& id) { return id.tier == Tier::weekly; });
  if (left.empty()) return resolve_snapshot(store, latest, meant);
  std::vector<SnapshotId> partial;
  while (!left.empty()) {
    const SnapshotId drawn = draw(left, random);
    if (!load_manifest(store, drawn, trust).is_partial()) return drawn;
    partial.push_back(drawn);
  }
  return draw(partial, random);
}

SnapshotId oldest_monthly(Store& store, std::string_view host) {
  const std::string meant = resolve_snapshot(store, latest, host).host;
  for (SnapshotId& id : list_snapshots(store, meant)) {
    if (id.tier == Tier::monthly) return std::move(id);
  }
  throw Error(ErrorKind::store,
              format("find the oldest monthly of host '{}': there is none", meant))
      .hint("The month's first snapshot with all services is kept, if retention.monthly is not 0.");
}

Manifest load_manifest(Store& store, const SnapshotId& id, const Trust& trust) {
  const std::string key = id.manifest_key();
  const auto source = store.open(key);
  const Bytes bytes = read_all(*source, manifest_bytes_max, format("manifest '{}'", key));
  Manifest manifest = parse_manifest(as_text(bytes), key);
  // The index key and the host were compared with the archive's by the parser.
  const auto named = parse_archive_key(manifest.archive_key);
  ensure(named.has_value(), "a parsed manifest names an archive");
  if (*named != id && !is_copy(id, *named)) {
    throw Error(ErrorKind::verification,
                format("read manifest '{}': it is that of '{}'", key, manifest.archive_key))
        .hint("Someone copied or moved it; use another snapshot.");
  }
  check_trust(manifest, trust, key);
  manifest.archive_key = id.archive_key();
  manifest.index_key = id.index_key();
  return manifest;
}

std::optional<Manifest> find_manifest(Store& store, const SnapshotId& id, const Trust& trust) {
  try {
    return load_manifest(store, id, trust);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification) throw;
    return std::nullopt;
  }
}

SnapshotId free_id(Store& store, SnapshotId id, Timestamp start) {
  std::set<std::string, std::less<>> taken;
  for (const ObjectInfo& info : store.list(id.folder())) taken.insert(info.key);
  const Date date = date_of(start);
  while (taken.contains(id.archive_key()) || taken.contains(id.index_key()) ||
         taken.contains(id.manifest_key())) {
    if (!id.suffix.empty()) start += std::chrono::seconds(1);
    if (date_of(start) != date) {
      throw Error(ErrorKind::store,
                  format("find a free name below '{}': none is left", id.folder()))
          .hint("Try again: the new day has names of its own.");
    }
    id.suffix = suffix_of(id.tier, start);
  }
  return id;
}

SnapshotId next_weekly_id(Store& store, const std::string& host, Timestamp start) {
  return free_id(store, weekly_of(host, start), start);
}

SnapshotId next_snapshot_id(Store& store, const std::string& host, Timestamp start) {
  return free_id(store, {host, date_of(start), ""}, start);
}

uint64_t largest_daily_bytes(Store& store, const std::string& host) {
  uint64_t largest = 0;
  for (const ObjectInfo& info : store.list(daily_prefix(host))) {
    if (parse_archive_key(info.key)) largest = std::max(largest, info.size);
  }
  return largest;
}

}  // namespace lifeboat
