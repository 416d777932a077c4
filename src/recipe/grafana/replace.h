// The live restore and the proof of the recipe `grafana`. Private to it.
#pragma once

#include "recipe/recipe.h"

namespace lifeboat {

// With `url`: an import into the live Grafana, which runs on; what it showed before is exported
// first, and imported again if the import fails. Without: grafana.db takes the live one's place.
// Throws Error(service), also before anything is touched if the live secret key is another one.
ReplaceReport replace_grafana(const Service& service, const RestoredService& restored,
                              RecipeContext& context);

// Starts Grafana's own image on a copy of grafana.db and asks its API.
std::vector<ProbeResult> prove_grafana(const RestoredService& restored, ProvingGround& ground,
                                       RecipeContext& context, std::string& why_not);

}  // namespace lifeboat
