// What of a host's nightly snapshots is in the store, and until when.
#pragma once

#include "observe/host_state.h"
#include "snapshot/retention.h"
#include "store/store.h"

namespace lifeboat::cli {

// One listing. What is dated more than a day after `now` was made under a clock that was ahead: it
// is counted, and says nothing of when the last one goes. Throws Error(store).
Shelf look_at_shelf(Store& store, const std::string& host, const Retention& retention,
                    Timestamp now);

}  // namespace lifeboat::cli
