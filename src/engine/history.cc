#include "engine/history.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "base/error.h"
#include "base/format.h"
#include "base/short_text.h"
#include "snapshot/drill_evidence.h"
#include "snapshot/manifests.h"
#include "snapshot/read_ahead.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

constexpr size_t error_bytes_max = 500;

using Objects = std::map<std::string, ObjectInfo>;  // by key

struct HostObjects {
  std::map<SnapshotId, Objects> snapshots;
  std::vector<std::string> evidence;  // keys by day
};

class HostReader {
 public:
  HostReader(Store& store, const HistoryScope& scope, const StopToken& stop)
      : store_(store), scope_(scope), stop_(stop) {}

  HostHistory read(const std::string& name, const HostObjects& held) {
    host_.name = name;
    std::map<Tier, SnapshotId> newest;
    for (const auto& [id, objects] : held.snapshots) {
      if (objects.contains(id.manifest_key())) newest[id.tier] = id;
    }
    std::vector<SnapshotId> wanted;
    for (const auto& [id, objects] : held.snapshots) {
      if (!objects.contains(id.manifest_key())) {
        add_unfinished(id, objects);
      } else if (is_recent(id) || id == newest[id.tier]) {
        wanted.push_back(id);
      }
    }
    load_manifests(store_, wanted, scope_.trust, stop_,
                   [&](const SnapshotId& id, std::future<Manifest> loaded) {
                     add_snapshot(id, held.snapshots.at(id), std::move(loaded));
                   });
    add_drills(held.evidence);
    std::sort(
        host_.jobs.begin(), host_.jobs.end(),
        [](const JobHistory& left, const JobHistory& right) { return left.name < right.name; });
    return std::move(host_);
  }

 private:
  bool is_recent(const SnapshotId& id) const;
  void add_unfinished(const SnapshotId& id, const Objects& objects);
  void add_snapshot(const SnapshotId& id, const Objects& objects, std::future<Manifest> loaded);
  void add_drills(const std::vector<std::string>& keys);
  void add_drill(const std::string& key, std::future<DrillEvidence> loaded);
  bool every_job_has_a_good_drill() const;
  JobHistory& job(const std::string& name);
  // Where a drill of `evidence` belongs; null if nobody can tell.
  JobHistory* job_of(const DrillEvidence& evidence);

  Store& store_;
  const HistoryScope& scope_;
  const StopToken& stop_;
  HostHistory host_;
};

bool HostReader::is_recent(const SnapshotId& id) const {
  const days slack(id.tier == Tier::weekly ? 7 : 1);  // it may have been made that much later
  return id.tier == Tier::monthly || sys_days(id.date) + slack > scope_.since;
}

void HostReader::add_unfinished(const SnapshotId& id, const Objects& objects) {
  UnfinishedRun run;
  run.name = id.text();
  run.day = sys_days(id.date);
  for (const auto& [key, info] : objects) {
    run.modified = std::max(run.modified, info.modified);
    run.bytes += info.size;
  }
  if (is_recent(id)) host_.unfinished.push_back(std::move(run));
}

// Why what `manifest` tells of is not all in the store; empty if it is.
std::string missing_from(const Objects& objects, const Manifest& manifest) {
  const auto fault = [&](const std::string& key, uint64_t bytes) -> std::string {
    const auto found = objects.find(key);
    if (found == objects.end()) return format("'{}' is missing", key);
    if (found->second.size == bytes) return "";
    return format("'{}' has {} bytes, not {}", key, found->second.size, bytes);
  };
  const std::string archive = fault(manifest.archive_key, manifest.archive.bytes);
  return archive.empty() ? fault(manifest.index_key, manifest.index.bytes) : archive;
}

uint64_t lifetime_days(const Retention& retention, Tier tier) {
  if (tier == Tier::daily) return retention.daily_days;
  return tier == Tier::weekly ? retention.weekly_days : retention.monthly_days();
}

PastSnapshot past_of(const SnapshotId& id, const Manifest& manifest) {
  PastSnapshot past;
  past.name = id.text();
  past.started = manifest.started;
  past.finished = manifest.finished;
  past.archive_bytes = manifest.archive.bytes;
  past.raw_bytes = manifest.raw.bytes;
  past.members = manifest.members;
  for (const ManifestService& service : manifest.services) {
    past.services.push_back({service.name, service.ok, service.error});
  }
  return past;
}

void HostReader::add_snapshot(const SnapshotId& id, const Objects& objects,
                              std::future<Manifest> loaded) {
  PastSnapshot past;
  std::string job_name;
  try {
    const Manifest manifest = loaded.get();
    past = past_of(id, manifest);
    past.error = missing_from(objects, manifest);
    job_name = manifest.job;
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::store && !store_.stat(id.manifest_key())) return;  // just gone
    if (error.kind() == ErrorKind::store) throw;
    past = {};
    past.name = id.text();
    past.started = past.finished = sys_days(id.date);
    past.error = clip_text(error.what(), error_bytes_max);
  }
  // A bucket counts from the day that it got the object, `prune` from the day in the manifest.
  Timestamp created = past.started;
  if (store_.traits().has_lifecycle) {
    created = objects.begin()->second.modified;
    for (const auto& [key, info] : objects) created = std::min(created, info.modified);
  }
  past.expires = end_of_life(created, lifetime_days(scope_.retention, id.tier));
  if (job_name.empty()) {
    host_.damaged.push_back(std::move(past));
    return;
  }
  JobHistory& owner = job(job_name);
  if (id.tier == Tier::monthly) {
    owner.monthlies.push_back(std::move(past));
    return;
  }
  owner.pace = id.tier == Tier::weekly ? Pace::weekly : Pace::daily;
  owner.snapshots.push_back(std::move(past));
}

bool HostReader::every_job_has_a_good_drill() const {
  return std::all_of(host_.jobs.begin(), host_.jobs.end(), [](const JobHistory& one) {
    return std::any_of(one.drills.begin(), one.drills.end(),
                       [](const PastDrill& drill) { return drill.verdict == FindingLevel::ok; });
  });
}

void HostReader::add_drills(const std::vector<std::string>& keys) {
  // Newest first, so that old ones need not be read; of a job that never had a drill, all are.
  const std::vector<std::string> newest_first(keys.rbegin(), keys.rend());
  read_ahead(
      std::span(newest_first), stop_,
      [&](const std::string& key) { return load_drill_evidence(store_, key); },
      [&](const std::string& key, std::future<DrillEvidence> loaded) {
        const bool is_old = sys_days(*parse_drill_key(key)) + days(1) <= scope_.since;
        if (is_old && every_job_has_a_good_drill()) return false;
        add_drill(key, std::move(loaded));
        return true;
      });
  // The second of a day has a key before the first.
  const auto by_time = [](std::vector<PastDrill>& drills) {
    std::sort(drills.begin(), drills.end(), [](const PastDrill& left, const PastDrill& right) {
      return std::tie(left.drilled, left.key) < std::tie(right.drilled, right.key);
    });
  };
  for (JobHistory& one : host_.jobs) by_time(one.drills);
  by_time(host_.stray_drills);
}

void HostReader::add_drill(const std::string& key, std::future<DrillEvidence> loaded) {
  PastDrill past;
  past.key = key;
  past.drilled = sys_days(*parse_drill_key(key));
  JobHistory* owner = nullptr;
  try {
    const DrillEvidence evidence = loaded.get();
    past.snapshot = evidence.id.text();
    past.drilled = evidence.drilled;
    past.verdict = evidence.verdict == DrillVerdict::ok        ? FindingLevel::ok
                   : evidence.verdict == DrillVerdict::partial ? FindingLevel::warning
                                                               : FindingLevel::error;
    past.result = evidence.result;
    past.restore_duration = evidence.restore_duration;
    past.duration = evidence.duration;
    owner = job_of(evidence);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::store && !store_.stat(key)) return;
    if (error.kind() == ErrorKind::store) throw;
    past.error = clip_text(error.what(), error_bytes_max);
  }
  (owner != nullptr ? owner->drills : host_.stray_drills).push_back(std::move(past));
}

JobHistory* HostReader::job_of(const DrillEvidence& evidence) {
  if (!evidence.job.empty()) return &job(clip_text(evidence.job, error_bytes_max));
  const std::string name = evidence.id.text();
  const auto is_it = [&](const PastSnapshot& past) { return past.name == name; };
  for (JobHistory& one : host_.jobs) {
    if (std::any_of(one.snapshots.begin(), one.snapshots.end(), is_it)) return &one;
    if (std::any_of(one.monthlies.begin(), one.monthlies.end(), is_it)) return &one;
  }
  return host_.jobs.size() == 1 ? &host_.jobs.front() : nullptr;
}

JobHistory& HostReader::job(const std::string& name) {
  for (JobHistory& one : host_.jobs) {
    if (one.name == name) return one;
  }
  host_.jobs.emplace_back().name = name;
  return host_.jobs.back();
}

}  // namespace

History load_history(Store& store, const HistoryScope& scope, const StopToken& stop) {
  std::map<std::string, HostObjects> hosts;
  for (const ObjectInfo& info : store.list(scope.host.empty() ? "" : scope.host + "/")) {
    const std::string host = info.key.substr(0, info.key.find('/'));
    if (const auto id = parse_object_key(info.key)) {
      hosts[host].snapshots[*id].emplace(info.key, info);
    } else if (parse_drill_key(info.key)) {
      hosts[host].evidence.push_back(info.key);
    }
  }
  History history;
  history.since = scope.since;
  for (const auto& [name, held] : hosts) {
    history.hosts.push_back(HostReader(store, scope, stop).read(name, held));
  }
  return history;
}

}  // namespace lifeboat
