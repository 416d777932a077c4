// The recipe `uptime-kuma`: monitors, notifications and logins of an Uptime Kuma, 1.x or 2.x.
//
// db-config.json is read first, since it tells what to protect: kuma.db as a snapshot under its
// writer, or a MariaDB. An external one is a service of its own, for the recipe that knows it; this
// one refuses to look complete without it, until it is told that somebody takes care.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_uptime_kuma_recipe();

}  // namespace lifeboat
