// What a drill asks a restored Caddy, and the damage it must notice.
#pragma once

#include <vector>

#include "recipe/recipe.h"

namespace lifeboat {

// Folders below a restored service, as the container image mounts them.
inline constexpr const char* caddy_data_prefix = "data";
inline constexpr const char* caddy_config_prefix = "config";

std::vector<ProbeResult> probe_caddy(const RestoredService& restored, RecipeContext& context);
std::vector<InventoryEntry> inventory_caddy(const RestoredService& restored, const StopToken& stop);
std::vector<Sabotage> caddy_sabotages();

}  // namespace lifeboat
