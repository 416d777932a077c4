// The rows of chosen tables of a restored dump, value by value, for questions about small tables.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "recipe/recipe.h"

namespace lifeboat {

struct MysqlRow {
  uint64_t offset = 0;              // in the dump
  std::vector<std::string> values;  // as they are written, see unquote_value()
  // Where the value of `column` lies in the dump.
  uint64_t offset_of(size_t column) const;
};

struct MysqlTableRows {
  std::vector<std::string> columns;  // in lower case
  std::vector<MysqlRow> rows;

  // Its number, or nothing.
  std::optional<size_t> column(std::string_view name) const;
  // The value of `name` in `row`, unquoted; empty if there is no such column.
  std::string value(const MysqlRow& row, std::string_view name) const;
};

// Those of `tables` (names in lower case) that the dump of `database` holds, by name in lower case.
// Throws Error(limit) for rows of more than 256 MiB.
std::map<std::string, MysqlTableRows> read_tables(const RestoredService& restored,
                                                  const std::string& database,
                                                  const std::vector<std::string>& tables,
                                                  const StopToken& stop);

}  // namespace lifeboat
