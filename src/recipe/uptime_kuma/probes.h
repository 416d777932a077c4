// What a restored Uptime Kuma is asked offline, and how it is damaged on purpose.
#pragma once

#include <vector>

#include "recipe/recipe.h"

namespace lifeboat {

std::vector<ProbeResult> probe_kuma(const RestoredService& restored, RecipeContext& context);
std::vector<Sabotage> kuma_sabotages();
// Monitors, notifications and status pages.
std::vector<InventoryEntry> inventory_kuma(const RestoredService& restored, const StopToken& stop);

}  // namespace lifeboat
