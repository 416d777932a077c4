// SQL's spelling of names and texts, for statements that are made here and dumps that are read.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

// "a""b": always quoted, so that no name can become a keyword or a statement.
std::string quote_identifier(std::string_view name);
// 'it''s', for standard_conforming_strings, which psql sessions have.
std::string quote_literal(std::string_view text);

// A table, as people and COPY lines name it.
struct TableName {
  std::string schema;
  std::string table;
  std::string text() const { return schema + "." + table; }
  std::string quoted() const { return quote_identifier(schema) + "." + quote_identifier(table); }
  auto operator<=>(const TableName&) const = default;
};

// Reads one name, quoted or not, off the front of `text`. Nothing if there is none.
std::optional<std::string> take_identifier(std::string_view& text);
// The table of a line "COPY schema.table (columns) FROM stdin;"; nothing for any other line.
std::optional<TableName> parse_copy_line(std::string_view line);

// A pattern SCHEMA.TABLE, with '*' and '?', of the option `exclude_tables`.
struct TablePattern {
  std::string dump_form;  // for pg_dump, which folds to lower case what is not in quotes
  std::string regex;      // for the server's ~ operator, on schema || '.' || table
};
// Throws Error(service) for one without exactly one dot.
TablePattern parse_table_pattern(std::string_view text);

}  // namespace lifeboat
