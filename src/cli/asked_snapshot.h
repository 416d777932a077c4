// The snapshot that a person names on the command line.
#pragma once

#include <string_view>

#include "engine/environment.h"
#include "snapshot/layout.h"

namespace lifeboat::cli {

// As resolve_snapshot (snapshot/catalog.h) by the environment's clock. What `latest` passes over,
// since its date lies in the future, is told: nobody is to get an older one unawares.
SnapshotId asked_snapshot(Environment& environment, std::string_view text,
                          std::string_view default_host);

}  // namespace lifeboat::cli
