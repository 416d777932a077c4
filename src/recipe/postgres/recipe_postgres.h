// The recipe `postgres`: the databases and roles of a PostgreSQL server, by pg_dump.
//
// One plain SQL file a database, since psql alone restores it, into another version and another
// name too; roles and the databases' own properties beside them. A dump is compared with what the
// server counted in the same snapshot before it enters the archive.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_postgres_recipe();

}  // namespace lifeboat
