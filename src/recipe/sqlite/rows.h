// Rows compared by their content: what differs between two states of a database.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "recipe/recipe.h"
#include "recipe/sqlite/sqlite.h"

namespace lifeboat {

// Of the current row: names, types and values of its columns but for those in `left_out`.
std::string row_fingerprint(const SqliteStatement& row, const std::set<std::string>& left_out = {});

// An entry a table: its definition and its rows, in whatever order they lie.
std::vector<InventoryEntry> inventory_of_tables(SqliteDatabase& database);

// An entry a row of `table`, by its columns "id" and `name_column`.
std::vector<InventoryEntry> inventory_of_rows(SqliteDatabase& database, std::string_view table,
                                              const std::string& kind,
                                              const std::string& name_column,
                                              const std::set<std::string>& left_out);

}  // namespace lifeboat
