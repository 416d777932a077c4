// Which snapshots of a store without a lifecycle are too old, and which of those must stay.
//
// Ages come from the manifests, not from the files: a store that was copied to a new disk has new
// file times. Only what a run left without a manifest has nothing else than its file time.

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "snapshot/catalog.h"
#include "snapshot/drill_evidence.h"
#include "snapshot/manifests.h"
#include "snapshot/retention.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

struct Held {
  std::map<std::string, ObjectInfo> objects;  // by key
  std::optional<Manifest> manifest;           // nothing: missing, damaged or not believed

  uint64_t bytes() const {
    uint64_t sum = 0;
    for (const auto& [key, info] : objects) sum += info.size;
    return sum;
  }
  bool holds(const std::string& key, uint64_t size) const {
    const auto found = objects.find(key);
    return found != objects.end() && found->second.size == size;
  }
  // Complete as far as a listing shows.
  bool is_good() const {
    return manifest && !manifest->is_partial() &&
           holds(manifest->archive_key, manifest->archive.bytes) &&
           holds(manifest->index_key, manifest->index.bytes);
  }
};

struct HostObjects {
  std::map<SnapshotId, Held> snapshots;  // and what a run without a manifest left
  std::vector<ObjectInfo> evidence;
};

// Nothing for a drill that failed, and for what is no evidence. Throws NewerFormat.
std::optional<DrillEvidence> read_proof(Store& store, const std::string& key) {
  try {
    DrillEvidence evidence = load_drill_evidence(store, key);
    if (evidence.verdict != DrillVerdict::ok) return std::nullopt;
    return evidence;
  } catch (const NewerFormat&) {
    throw;
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::verification) throw;
    return std::nullopt;
  }
}

class HostPlan {
 public:
  HostPlan(Store& store, const PruneScope& scope, Timestamp now)
      : store_(store), scope_(scope), now_(now) {}

  void add_to(PrunePlan& plan, HostObjects host);

 private:
  void load_manifests();
  void keep_newest();
  void keep_proved();
  void keep_months();
  void decide(const SnapshotId& id, const Held& held, PrunePlan& plan) const;
  void decide_evidence(PrunePlan& plan) const;
  // The first reason stands.
  void keep(const SnapshotId& id, std::string reason) { kept_.try_emplace(id, std::move(reason)); }
  uint64_t lifetime_of(Tier tier) const {
    const Retention& retention = scope_.retention;
    if (tier == Tier::weekly) return retention.weekly_days;
    return tier == Tier::daily ? retention.daily_days : retention.monthly_days();
  }
  bool is_past(Timestamp created, uint64_t lifetime_days) const {
    return now_ >= end_of_life(created, lifetime_days);
  }

  Store& store_;
  const PruneScope& scope_;
  Timestamp now_;
  HostObjects host_;
  std::map<SnapshotId, std::string> kept_;  // to the reason
  std::set<std::string> kept_evidence_;
};

void HostPlan::load_manifests() {
  std::vector<SnapshotId> finished;
  for (const auto& [id, held] : host_.snapshots) {
    if (held.objects.contains(id.manifest_key())) finished.push_back(id);
  }
  const auto keep_loaded = [&](const SnapshotId& id, std::future<Manifest> loaded) {
    try {
      host_.snapshots.at(id).manifest = loaded.get();
    } catch (const NewerFormat&) {
      keep(id, "a newer lifeboat wrote it, and this one cannot judge it");
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::verification) throw;
    }
  };
  lifeboat::load_manifests(store_, finished, scope_.trust, {}, keep_loaded);
}

// A run under a clock that was ahead must not be "the newest" until time has caught up.
void HostPlan::keep_newest() {
  std::map<std::string, std::pair<Timestamp, SnapshotId>> newest;  // by job
  for (const auto& [id, held] : host_.snapshots) {
    if (!held.is_good() || held.manifest->started > now_) continue;
    const Timestamp started = held.manifest->started;
    const auto [known, is_new] = newest.try_emplace(held.manifest->job, started, id);
    // A daily comes before its copy and stays chosen.
    if (!is_new && started > known->second.first) known->second = {started, id};
  }
  for (const auto& [job, found] : newest) {
    keep(found.second, format("the newest good one of job '{}'", printable(job)));
  }
}

void HostPlan::keep_proved() {
  std::map<std::string, std::pair<std::string, DrillEvidence>> last;  // by job; with its key
  for (const ObjectInfo& info : host_.evidence) {
    std::optional<DrillEvidence> proof;
    try {
      proof = read_proof(store_, info.key);
    } catch (const NewerFormat&) {
      kept_evidence_.insert(info.key);  // what a newer lifeboat wrote, this one cannot judge
    }
    if (!proof || proof->drilled > now_) continue;
    const auto held = host_.snapshots.find(proof->id);
    if (held == host_.snapshots.end() || !held->second.is_good()) continue;
    const Manifest& manifest = *held->second.manifest;
    if (manifest.archive.sha256 != proof->archive_sha256) continue;
    const auto [known, is_new] = last.try_emplace(manifest.job, info.key, *proof);
    if (!is_new && proof->drilled > known->second.second.drilled) {
      known->second = {info.key, *proof};
    }
  }
  for (const auto& [job, proof] : last) {
    keep(proof.second.id, format("the last one of job '{}' that a drill proved", printable(job)));
    kept_evidence_.insert(proof.first);
  }
}

// Where the copy of a month failed, its first good snapshot stands in for it.
void HostPlan::keep_months() {
  using JobMonth = std::pair<std::string, SnapshotId>;
  std::set<JobMonth> copied;
  std::map<JobMonth, std::pair<Timestamp, SnapshotId>> first;
  for (const auto& [id, held] : host_.snapshots) {
    if (!held.is_good() || id.tier == Tier::weekly) continue;
    const JobMonth month{held.manifest->job, monthly_of(id)};
    if (id.tier == Tier::monthly) {
      copied.insert(month);
      continue;
    }
    const Timestamp started = held.manifest->started;
    const auto [known, is_new] = first.try_emplace(month, started, id);
    if (!is_new && started < known->second.first) known->second = {started, id};
  }
  for (const auto& [month, found] : first) {
    if (copied.contains(month)) continue;
    if (is_past(found.first, scope_.retention.monthly_days())) continue;
    keep(found.second, format("the first good one of a month without a monthly copy of job '{}'",
                              printable(month.first)));
  }
}

// When a snapshot was made; the latest possible time if its manifest cannot tell.
Timestamp made_at(const SnapshotId& id, const Held& held) {
  if (held.manifest) return held.manifest->started;
  if (id.tier == Tier::daily) return sys_days(id.date) + days(1);
  if (id.tier == Tier::weekly) return sys_days(id.date) + days(7);
  return sys_days(id.date + std::chrono::months(1));
}

void HostPlan::decide(const SnapshotId& id, const Held& held, PrunePlan& plan) const {
  const Retention& retention = scope_.retention;
  std::string reason;
  if (!held.objects.contains(id.manifest_key())) {
    for (const auto& [key, info] : held.objects) {
      if (!is_past(info.modified, retention.incomplete_days)) return;
    }
    reason = format("left by an unfinished run, older than {}",
                    print_count(retention.incomplete_days, "day", "days"));
  } else {
    const uint64_t lifetime_days = lifetime_of(id.tier);
    if (!is_past(made_at(id, held), lifetime_days)) return;
    reason = format("older than {}", id.tier == Tier::monthly
                                         ? print_count(retention.monthly_months, "month", "months")
                                         : print_count(lifetime_days, "day", "days"));
  }
  if (const auto kept = kept_.find(id); kept != kept_.end()) {
    plan.kept_beyond_rule.push_back({id, kept->second});
    return;
  }
  PruneItem item{id.text(), {}, held.bytes(), std::move(reason)};
  // Without its manifest it is no snapshot any more, however far the rest gets.
  for (const std::string& key : {id.manifest_key(), id.index_key(), id.archive_key()}) {
    if (held.objects.contains(key)) item.keys.push_back(key);
  }
  plan.remove.push_back(std::move(item));
}

void HostPlan::decide_evidence(PrunePlan& plan) const {
  const uint64_t lifetime_days = scope_.retention.drill_days;
  for (const ObjectInfo& info : host_.evidence) {
    if (kept_evidence_.contains(info.key)) continue;
    const auto day = parse_drill_key(info.key);
    if (!day || !is_past(sys_days(*day) + days(1), lifetime_days)) continue;
    plan.remove.push_back({info.key,
                           {info.key},
                           info.size,
                           format("older than {}", print_count(lifetime_days, "day", "days"))});
  }
}

void HostPlan::add_to(PrunePlan& plan, HostObjects host) {
  host_ = std::move(host);
  load_manifests();
  const bool is_readable = std::any_of(host_.snapshots.begin(), host_.snapshots.end(),
                                       [](const auto& one) { return one.second.manifest; });
  if (!is_readable) {
    for (const auto& [id, held] : host_.snapshots) {
      keep(id, "no manifest of this host can be believed");
    }
    host_.evidence.clear();
  }
  keep_newest();
  keep_proved();
  keep_months();
  for (const auto& [id, held] : host_.snapshots) decide(id, held, plan);
  decide_evidence(plan);
}

}  // namespace

PrunePlan plan_prune(Store& store, const PruneScope& scope, Timestamp now) {
  std::map<std::string, HostObjects> hosts;
  for (ObjectInfo& info : store.list(scope.host.empty() ? "" : scope.host + "/")) {
    const std::string host = info.key.substr(0, info.key.find('/'));
    if (const auto id = parse_object_key(info.key)) {
      hosts[host].snapshots[*id].objects.emplace(info.key, info);
    } else if (parse_drill_key(info.key)) {
      hosts[host].evidence.push_back(std::move(info));
    }
  }
  PrunePlan plan;
  for (auto& [host, objects] : hosts) {
    HostPlan(store, scope, now).add_to(plan, std::move(objects));
  }
  return plan;
}

}  // namespace lifeboat
