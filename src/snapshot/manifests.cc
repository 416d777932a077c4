#include "snapshot/manifests.h"

#include <deque>

#include "snapshot/catalog.h"

namespace lifeboat {
namespace {

constexpr size_t ahead_max = 8;

}  // namespace

void load_manifests(
    Store& store, std::span<const SnapshotId> ids, const Trust& trust, const StopToken& stop,
    const std::function<void(const SnapshotId& id, std::future<Manifest> loaded)>& visit) {
  std::deque<std::future<Manifest>> ahead;  // the destructor of each waits for its thread
  size_t asked = 0;
  for (const SnapshotId& id : ids) {
    stop.throw_if_stopped();
    for (; asked < ids.size() && ahead.size() < ahead_max; ++asked) {
      ahead.push_back(std::async(std::launch::async, [&store, &trust, &wanted = ids[asked]] {
        return load_manifest(store, wanted, trust);
      }));
    }
    std::future<Manifest> next = std::move(ahead.front());
    ahead.pop_front();
    visit(id, std::move(next));
  }
}

}  // namespace lifeboat
