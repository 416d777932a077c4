// Traccar on MariaDB or MySQL: its database, and if wanted its configuration and media.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_traccar_recipe();

}  // namespace lifeboat
