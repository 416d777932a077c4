// Questions to a restored SQLite database, and ways to damage one, for all recipes that have one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "recipe/recipe.h"
#include "recipe/sqlite/sqlite.h"

namespace lifeboat {

// What `question` answers; an Error that it throws is the answer "no", with its words as evidence.
ProbeResult ask(std::string name, const std::function<ProbeResult()>& question);
// passed: found == expected.
ProbeResult compare(std::string name, std::string expected, std::string found,
                    std::string evidence = "");

// "integrity_check says ok".
ProbeResult probe_integrity(SqliteDatabase& database);
// As many broken foreign keys as `details` tells of backup time (none, if it does not tell).
ProbeResult probe_foreign_keys(SqliteDatabase& database, const Json& details);
uint64_t broken_foreign_keys(SqliteDatabase& database);

// The database's own tables, sorted; no views, no virtual tables, not SQLite's.
std::vector<std::string> user_tables(SqliteDatabase& database);
uint64_t count_rows(SqliteDatabase& database, std::string_view table);

// Which file of a restored service a sabotage is to damage.
using RestoredFile = std::function<std::filesystem::path(const RestoredService&)>;
RestoredFile restored_file(std::string member);

Sabotage sabotage_missing_file(RestoredFile file);
// Overwrites the first bytes of the root page of the largest table.
Sabotage sabotage_damaged_page(RestoredFile file);
// Deletes one row of `table`, or of the largest one if that is empty.
Sabotage sabotage_missing_row(RestoredFile file, std::string table = "");

}  // namespace lifeboat
