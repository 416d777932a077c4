// A restored n8n in the place of the live one.
#pragma once

#include "recipe/recipe.h"

namespace lifeboat {

// The database, the key and the folders beside them; what n8n makes anew (logs) stays. Refuses,
// before anything is touched, if the container's N8N_ENCRYPTION_KEY is not the restored key: n8n
// would start and lose every credential without a word.
ReplaceReport replace_n8n(const Service& service, const RestoredService& restored,
                          RecipeContext& context);

}  // namespace lifeboat
