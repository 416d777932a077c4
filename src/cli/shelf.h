// What of a host's nightly snapshots is in the store, and until when.
#pragma once

#include "observe/host_state.h"
#include "snapshot/retention.h"
#include "store/store.h"

namespace lifeboat::cli {

// One listing. Throws Error(store).
Shelf look_at_shelf(Store& store, const std::string& host, const Retention& retention);

}  // namespace lifeboat::cli
