// The recipe `n8n`: an n8n on SQLite, with the key that opens its credentials.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_n8n_recipe();

}  // namespace lifeboat
