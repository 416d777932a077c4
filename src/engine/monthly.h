// The month's first good snapshot of a job is kept for a year: a copy under the month's own folder,
// made within the store.
#pragma once

#include <optional>

#include "snapshot/layout.h"
#include "snapshot/manifest.h"
#include "snapshot/trust.h"
#include "store/store.h"

namespace lifeboat {

// What to keep, and whom to believe about the copies that are there.
struct MonthlyRequest {
  SnapshotId id;  // a daily that is in the store, and whole
  const Manifest& manifest;
  const Trust& trust;
};

// Copies archive and index, then the manifest as the commit; returns the copy's name. Nothing if
// the month has a snapshot of this job already (the run was on a later night). What an earlier try
// left is not touched: the copy gets the next free name. Throws Error.
std::optional<SnapshotId> keep_monthly(Store& store, const MonthlyRequest& request);

}  // namespace lifeboat
