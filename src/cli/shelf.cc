#include "cli/shelf.h"

#include <algorithm>

#include "snapshot/layout.h"

namespace lifeboat::cli {

Shelf look_at_shelf(Store& store, const std::string& host, const Retention& retention,
                    Timestamp now) {
  Shelf shelf;
  for (const ObjectInfo& object : store.list(daily_prefix(host))) {
    const auto id = parse_manifest_key(object.key);
    if (!id || id->tier != Tier::daily) continue;
    // As prune counts: from the end of its day.
    const Timestamp written = std::chrono::sys_days(id->date) + std::chrono::days(1);
    const Timestamp expires = end_of_life(written, retention.daily_days);
    ++shelf.dailies;
    if (std::chrono::sys_days(id->date) > now + std::chrono::days(1)) continue;
    shelf.oldest_expires = std::min(shelf.oldest_expires.value_or(expires), expires);
    shelf.newest_expires = std::max(shelf.newest_expires.value_or(expires), expires);
  }
  return shelf;
}

}  // namespace lifeboat::cli
