// The recipe `command`: what a program prints, as one file.
//
// For everything that has its own dump tool. The output is spooled encrypted and judged before it
// enters the archive: exit status, end-of-dump marker, smallest size. A dump that broke off
// half-way is refused, not stored.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_command_recipe();

}  // namespace lifeboat
