// The drill's last word on an n8n: n8n itself, started on what was restored, shows the workflows
// and opens the credentials. Private to the recipe.
//
// It is the copy of a live one: a schedule that fired in it would do its work twice. So it runs on
// a copy of the database in which nothing is active and no execution waits, and it reaches nothing.
#pragma once

#include <string>
#include <vector>

#include "recipe/recipe.h"

namespace lifeboat {

// For Recipe::prove().
std::vector<ProbeResult> prove_n8n(const RestoredService& restored, ProvingGround& ground,
                                   RecipeContext& context, std::string& why_not);

// Makes `database` one in which nothing starts by itself. Throws Error(service).
void calm_n8n_database(const std::filesystem::path& database, const StopToken& stop);

}  // namespace lifeboat
