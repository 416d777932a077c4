// What restored dumps are asked, how they are damaged to see that it is noticed, and what they
// hold.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "recipe/recipe.h"

namespace lifeboat {

struct NotedDatabase;

// Is the dump whole, and does it hold the tables with their rows?
std::vector<ProbeResult> probe_dump(const std::filesystem::path& directory,
                                    const NotedDatabase& database, const StopToken& stop);
std::vector<ProbeResult> probe_postgres(const RestoredService& restored, RecipeContext& context);

// Cuts the last 200 bytes off a file, the end marker with them.
void cut_dump(const std::filesystem::path& file);
// Joins the first row of a dump with what follows it. False if it holds none.
bool remove_first_row(const std::filesystem::path& file);
std::vector<Sabotage> postgres_sabotages();

// Entries for one dump: its tables, its sequences and the rest, which is its structure.
void add_dump_inventory(const std::filesystem::path& file, const std::string& database,
                        const StopToken& stop, std::vector<InventoryEntry>& entries);
// The roles of a dump of globals.
void add_role_inventory(const std::filesystem::path& file, const StopToken& stop,
                        std::vector<InventoryEntry>& entries);
std::vector<InventoryEntry> postgres_inventory(const RestoredService& restored,
                                               RecipeContext& context);

}  // namespace lifeboat
