// The part of a drill in which services themselves are started on what was restored.
#pragma once

#include "engine/drill.h"

namespace lifeboat {

// Removes containers that killed drills left, before their folders go. Throws Error(service) only
// if the drill wants containers itself.
void sweep_live_drills(const DrillRequest& request, Environment& environment);

// Adds what the service answers to `drilled.probes`, or why it was not started. What it ran in is
// gone afterwards. Throws Interrupted, and Error(limit) for a scratch that cannot be used.
void start_service(const RestoredService& restored, const DrillRequest& request,
                   Environment& environment, DrilledService& drilled);

}  // namespace lifeboat
