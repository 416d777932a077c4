// The recipe `sqlite`: one SQLite database, live.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_sqlite_recipe();

}  // namespace lifeboat
