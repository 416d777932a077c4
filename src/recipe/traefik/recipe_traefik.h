// The recipe `traefik`: the folder with acme.json, whose certificates and keys are checked.
//
// Traefik rewrites acme.json in place, so that a reader may see half of it: it is read until it
// parses, before anything else. Traefik refuses the file when group or others may read it, so its
// mode is part of what the drill asks for.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_traefik_recipe();

}  // namespace lifeboat
