// The options that all recipes on PostgreSQL share, and what they mean.
#pragma once

#include <vector>

#include "recipe/postgres/client.h"
#include "recipe/recipe.h"

namespace lifeboat {

// host, port, user, password, sslmode, program_dir, timeout.
std::vector<OptionSpec> connection_options();

// Where the server is, as configured; a container is looked up. Throws Error(service).
PostgresTarget read_target(const Service& service, RecipeContext& context);

}  // namespace lifeboat
