// What a restored n8n is asked offline, and how it is damaged on purpose. Private to the recipe.
//
// Counting rows proves nothing here: with a wrong key n8n starts, logs in and counts right, while
// every credential comes back empty. So each one is decrypted with the key that was restored.
#pragma once

#include <vector>

#include "recipe/recipe.h"

namespace lifeboat {

std::vector<ProbeResult> probe_n8n(const RestoredService& restored, const StopToken& stop);
std::vector<Sabotage> n8n_sabotages();
// Workflows, credentials (decrypted where the restored key opens them) and users.
std::vector<InventoryEntry> inventory_n8n(const RestoredService& restored, const StopToken& stop);

}  // namespace lifeboat
