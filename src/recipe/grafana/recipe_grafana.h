// The recipe `grafana`: what the HTTP API gives, one file a thing, to be looked at, compared and
// imported; and grafana.db with its secret key, which alone bring everything back.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_grafana_recipe();

}  // namespace lifeboat
