// Restored databases in the place of live ones.
//
//   roles   those that the server does not have are made, others stay as they are
//   load    each dump into a new database beside the living one, and its rows counted
//   swap    sessions of the living ones are ended, and all names change in one transaction
//
// What was there stays as NAME_before_YYYYMMDD_HHMMSS. Until the swap nothing live is touched, and
// what was made is dropped again if anything fails.
#pragma once

#include "recipe/recipe.h"

namespace lifeboat {

// Throws Error(service); the live databases are as they were unless the message says otherwise.
ReplaceReport replace_postgres(const Service& service, const RestoredService& restored,
                               RecipeContext& context);

}  // namespace lifeboat
