// Questions to restored dumps that need no server, and damage that they must notice.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "recipe/mysql/dump_summary.h"
#include "recipe/recipe.h"

namespace lifeboat {

// The databases that the facts tell of, by name. Throws Error(verification).
std::map<std::string, DumpSummary> expected_databases(const Facts& facts);
// Reads a restored dump through `counter` or another scanner. Throws Error(verification) if it is
// not there.
void read_dump(const RestoredService& restored, const std::string& database, const StopToken& stop,
               const std::function<void(std::string_view)>& take);

std::vector<ProbeResult> probe_mysql(const RestoredService& restored, RecipeContext& context);
std::vector<Sabotage> mysql_sabotages();

// Overwrites with spaces what lies there: SQL stays SQL, and nothing else moves.
void blank_out(const std::filesystem::path& dump, uint64_t offset, uint64_t size);

}  // namespace lifeboat
