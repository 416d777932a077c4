// Whether a restored Traccar would start and know its users and devices.
#pragma once

#include <string>
#include <vector>

#include "recipe/mysql/server.h"
#include "recipe/recipe.h"

namespace lifeboat {

// In lower case; without one of them, no Traccar starts.
const std::vector<std::string>& traccar_tables();

// The name of the database in the facts. Throws Error(verification).
std::string traccar_database(const Facts& facts);

std::vector<ProbeResult> probe_traccar(const RestoredService& restored, RecipeContext& context);
// The same questions to a server that loaded the dump.
void ask_traccar(MysqlServer& server, const Facts& facts, std::vector<ProbeResult>& answers);
std::vector<Sabotage> traccar_sabotages();
// Users and devices by name, all else table by table.
std::vector<InventoryEntry> traccar_inventory(const RestoredService& restored,
                                              RecipeContext& context);

}  // namespace lifeboat
