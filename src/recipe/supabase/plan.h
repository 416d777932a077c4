// Backing up a Supabase project.
#pragma once

#include <memory>

#include "recipe/postgres/client.h"
#include "recipe/recipe.h"

namespace lifeboat {

// The project's server, as configured. Throws Error(service), for the transaction pooler too.
PostgresTarget read_supabase_target(const Service& service, RecipeContext& context);

std::unique_ptr<ServicePlan> plan_supabase(const Service& service, RecipeContext& context);

}  // namespace lifeboat
