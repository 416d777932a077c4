// SQL as text: names and values quoted for a server, and taken apart again from a dump.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

// `name` in backticks.
std::string quote_name(std::string_view name);
// 'text', right whatever the server's sql_mode says of backslashes, as long as it holds none.
std::string quote_text(std::string_view text);

// Lines of `mariadb --batch --skip-column-names`: columns by tabs, with \t, \n, \0 and \\ inside
// values undone. NULL stays the word NULL.
std::vector<std::vector<std::string>> parse_batch(std::string_view output);

// "(1,'a',NULL)" into its values as they are written. Nothing if that is no row.
std::optional<std::vector<std::string>> split_row(std::string_view row);
// 'a\'b' and _binary 'a' become their text, 0x41 becomes "A"; numbers and NULL stay.
std::string unquote_value(std::string_view value);
// The columns that a CREATE TABLE statement of a dump names, in order.
std::vector<std::string> columns_of(std::string_view create_table);

// Which program or server: MariaDB and MySQL differ in flags, files and what they can load.
enum class MysqlFamily { mariadb, mysql };
struct MysqlVersion {
  MysqlFamily family = MysqlFamily::mariadb;
  std::array<unsigned, 3> number{};
  std::string text;  // "MariaDB 10.11.19"

  unsigned major() const { return number[0]; }
};
// Of `select version()` or of a program's --version; nothing if neither is told.
std::optional<MysqlVersion> parse_server_version(std::string_view text);
std::optional<MysqlVersion> parse_program_version(std::string_view text);

}  // namespace lifeboat
