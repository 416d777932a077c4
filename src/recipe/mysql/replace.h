// Restored databases in the place of live ones.
//
//   stage   loaded into NAME_restore_STAMP beside the live database, while it is used
//   count   every table against the counts of backup time; less than all of it goes no further
//   stop    the container of the program that uses the data, if one is named
//   swap    one RENAME TABLE: live tables to NAME_before_STAMP, the staged ones to NAME
//   start   that container again
//
// RENAME TABLE is all or nothing and keeps rights, which go by name. It does not move views,
// triggers, routines, events and sequences: where there are any, in the dump or in the live
// database, the answer is the restore card. Rejected: DROP and load again, which leaves nothing
// live for as long as a load takes, and half a database if it breaks off.
#pragma once

#include "recipe/recipe.h"

namespace lifeboat {

// For Recipe::replace(). Throws Error(service), the live databases as they were.
ReplaceReport replace_mysql(const Service& service, const RestoredService& restored,
                            RecipeContext& context);

}  // namespace lifeboat
