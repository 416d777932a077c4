// A project's scripts in a PostgreSQL of their own, with stand-ins for what the platform has.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/stop.h"
#include "recipe/recipe.h"

namespace lifeboat {

// The platform's part as far as the scripts need it: reserved roles, internal schemas, the
// functions that policies ask, and for each table of an internal schema that data.sql fills one
// that takes its rows, all columns as text but the key of auth.users.
std::string stand_in_sql(const std::filesystem::path& data_file, const StopToken& stop);

std::vector<ProbeResult> prove_supabase(const RestoredService& restored, ProvingGround& ground,
                                        RecipeContext& context, std::string& why_not);

}  // namespace lifeboat
