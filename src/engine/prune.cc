#include "engine/prune.h"

#include <set>

#include "base/error.h"
#include "base/format.h"
#include "snapshot/catalog.h"
#include "snapshot/run_lock.h"

namespace lifeboat {
namespace {

void check_store(const Store& store) {
  const StoreTraits traits = store.traits();
  if (traits.has_lifecycle) {
    throw Error(ErrorKind::usage,
                format("prune {}: the bucket's own lifecycle removes old objects", store.name()))
        .hint("See and set its rules with 'lifeboat bucket lifecycle'.");
  }
  if (!traits.can_remove) {
    throw Error(ErrorKind::store, format("prune {}: it lets nothing be removed", store.name()));
  }
}

// A run that is under way has an archive and no manifest yet.
std::vector<RunLock> lock_hosts(const PruneRequest& request, Store& store) {
  std::vector<RunLock> locks;
  if (request.dry_run || request.lock_dir.empty()) return locks;
  std::set<std::string> hosts;
  if (!request.host.empty()) {
    hosts.insert(request.host);
  } else {
    for (const SnapshotId& id : list_snapshots(store, "")) hosts.insert(id.host);
  }
  for (const std::string& host : hosts) locks.emplace_back(request.lock_dir, host);
  return locks;
}

}  // namespace

PrunePlan run_prune(const PruneRequest& request, Environment& environment) {
  Store& store = environment.store;
  check_store(store);
  const std::vector<RunLock> locks = lock_hosts(request, store);
  PrunePlan plan = plan_prune(store, {request.host, request.retention, environment.trust},
                              environment.clock.now());
  if (request.dry_run) return plan;
  for (const PruneItem& item : plan.remove) {
    environment.stop.throw_if_stopped();
    environment.progress.begin(format("remove {}", item.name), 0);
    for (const std::string& key : item.keys) store.remove(key);
  }
  return plan;
}

}  // namespace lifeboat
