// The recipe `supabase`: a project's roles, schema and data, as Supabase's own program dumps them.
//
// A new project already has the platform's schemas and roles and lets nobody make them again, so a
// plain dump does not restore there. Roles, schema and data are three scripts that do, one behind
// the other; what they leave out is in `missing`. The connection must hold a session: port 6543 of
// the pooler gives another one to each transaction, and is refused.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_supabase_recipe();

}  // namespace lifeboat
