// The recipe `volume`: a folder as it lies there, for services that keep plain files.
//
// Its copy is as consistent as files read one after another can be. Services with a database have
// recipes of their own; SQLite databases found here are snapshots, others are named in the
// warnings, and `stop` has the container stand still for all of them.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_volume_recipe();

}  // namespace lifeboat
