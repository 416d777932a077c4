#include "cli/asked_snapshot.h"

#include "base/format.h"
#include "snapshot/catalog.h"

namespace lifeboat::cli {

SnapshotId asked_snapshot(Environment& environment, std::string_view text,
                          std::string_view default_host) {
  std::optional<SnapshotId> ahead;
  const Timestamp now = environment.clock.now();
  SnapshotId id = resolve_snapshot(environment.store, text, default_host, {now, &ahead});
  if (ahead) {
    environment.progress.note(format(
        "warning: {} is passed over: it is dated later than now, {}, so a clock was or is wrong; "
        "name it if it is meant",
        ahead->text(), print_time(now)));
  }
  return id;
}

}  // namespace lifeboat::cli
