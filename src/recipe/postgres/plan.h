// Backing up the databases of a PostgreSQL server.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

// Opens a snapshot of every database and counts what is in it. Throws Error(service).
std::unique_ptr<ServicePlan> plan_postgres(const Service& service, RecipeContext& context);

}  // namespace lifeboat
