// How what `watch` saw looks.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/table.h"
#include "engine/watch.h"
#include "observe/notify/notifiers.h"

namespace lifeboat::cli {

std::string render_watch(const WatchReport& report, Timestamp now, const Style& style);
Json watch_to_json(const WatchReport& report, Timestamp now);
Json deliveries_to_json(const std::vector<Delivery>& deliveries);

}  // namespace lifeboat::cli
