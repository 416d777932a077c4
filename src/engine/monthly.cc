#include "engine/monthly.h"

#include "base/error.h"
#include "base/format.h"
#include "snapshot/catalog.h"

namespace lifeboat {
namespace {

// A copy that is later than the run it would stand for was made under a clock that was ahead: it
// holds the data of an earlier month. Less than that is a clock that was set.
constexpr std::chrono::hours clock_correction_max{24};

// A copy that is damaged, newer than this program, or planted by somebody else, counts for no job:
// another one is made.
bool is_of_job(Store& store, const SnapshotId& copy, const MonthlyRequest& request) {
  // Who does not believe what he just wrote himself would copy every night.
  const bool can_judge = distrust(request.manifest, request.trust).empty();
  const auto manifest = find_manifest(store, copy, can_judge ? request.trust : Trust{});
  if (!manifest || manifest->job != request.manifest.job) return false;
  return manifest->started <= request.manifest.started + clock_correction_max;
}

void copy_object(Store& store, const std::string& source, const std::string& target) {
  store.copy(source, target);
  const auto from = store.stat(source);
  const auto to = store.stat(target);
  if (from && to && from->size == to->size) return;
  throw Error(ErrorKind::store,
              format("check '{}' after copying it from '{}': the store holds {}", target, source,
                     to ? format("{} bytes", to->size) : std::string("nothing")));
}

}  // namespace

std::optional<SnapshotId> keep_monthly(Store& store, const MonthlyRequest& request) {
  SnapshotId copy = monthly_of(request.id);
  return with_context(format("keep {} as {}", request.id.text(), copy.text()),
                      [&]() -> std::optional<SnapshotId> {
                        for (const ObjectInfo& info : store.list(copy.folder())) {
                          const auto found = parse_manifest_key(info.key);
                          if (found && is_of_job(store, *found, request)) return std::nullopt;
                        }
                        copy = free_id(store, copy, request.manifest.started);
                        copy_object(store, request.id.archive_key(), copy.archive_key());
                        copy_object(store, request.id.index_key(), copy.index_key());
                        copy_object(store, request.id.manifest_key(), copy.manifest_key());
                        return copy;
                      });
}

}  // namespace lifeboat
