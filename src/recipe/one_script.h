// Recipes whose members, one after the other, are one SQL script.
//
// A job may keep such a service as a single stream (engine/stream_backup.h). A type of its own,
// since most recipes' members are files that mean nothing in a row.
#pragma once

#include "recipe/recipe.h"

namespace lifeboat {

class OneScriptRecipe : public Recipe {};

}  // namespace lifeboat
