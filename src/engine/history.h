// Gathers what a store knows of the past, with the right to list and read and without any key.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/stop.h"
#include "observe/history.h"
#include "snapshot/retention.h"
#include "snapshot/trust.h"
#include "store/store.h"

namespace lifeboat {

struct HistoryScope {
  std::string host;  // empty: all
  Timestamp since{};
  Retention retention;
  Trust trust;
};

// One listing; then the manifest of each snapshot since `since` (of what is older only the newest
// of each kind) and of each monthly, and the drill evidence back to the last good drill of each job
// at least. Throws Error(store) if the store cannot be read.
History load_history(Store& store, const HistoryScope& scope, const StopToken& stop);

}  // namespace lifeboat
