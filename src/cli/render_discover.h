// How the result of `discover` looks; see render.h.
#pragma once

#include <string>

#include "base/json.h"
#include "cli/table.h"
#include "engine/discover.h"

namespace lifeboat::cli {

// The table, then what to add to the configuration.
std::string render_discovery(const Discovery& discovery, const Style& style);
Json discovery_to_json(const Discovery& discovery);

}  // namespace lifeboat::cli
