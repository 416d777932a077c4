#include "recipe/mysql/listing.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr const char* databases_sql =
    "SELECT schema_name, default_character_set_name, default_collation_name "
    "FROM information_schema.schemata ORDER BY 1;\n";
constexpr const char* tables_sql =
    "SELECT table_schema, table_name, table_type, coalesce(engine, ''), coalesce(data_length, 0) "
    "FROM information_schema.tables WHERE table_schema NOT IN "
    "('information_schema', 'performance_schema', 'mysql', 'sys') ORDER BY 1, 2;\n";
constexpr std::array<const char*, 4> own_databases{"information_schema", "performance_schema",
                                                   "mysql", "sys"};

bool is_own(const std::string& name) {
  return std::any_of(own_databases.begin(), own_databases.end(),
                     [&](const char* own) { return ascii_lower(name) == own; });
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::find(all.begin(), all.end(), one) != all.end();
}

[[noreturn]] void fail_missing(const std::string& name, const std::vector<std::string>& there) {
  Error error(ErrorKind::service,
              format("find database '{}': the server shows none of that name", printable(name)));
  if (const auto near = nearest(name, there)) error.add_hint(format("Did you mean '{}'?", *near));
  error.add_hint("A user sees only what it has rights for: docs/recipes/mysql.md lists them.");
  throw error;
}

void add_table(MysqlDatabase& database, const std::vector<std::string>& row,
               const std::vector<std::string>& exclude_tables) {
  if (contains(exclude_tables, row[0] + "." + row[1])) {
    database.left_out.push_back(row[1]);
    return;
  }
  database.tables.push_back({row[1], row[2], row[3]});
  uint64_t bytes = 0;
  std::from_chars(row[4].data(), row[4].data() + row[4].size(), bytes);
  database.bytes += bytes;
}

void refuse_unknown_exclusions(const std::vector<MysqlDatabase>& databases,
                               const std::vector<std::string>& exclude_tables) {
  for (const std::string& excluded : exclude_tables) {
    const size_t dot = excluded.find('.');
    const bool is_found =
        dot != std::string::npos &&
        std::any_of(databases.begin(), databases.end(), [&](const MysqlDatabase& database) {
          return database.name == excluded.substr(0, dot) &&
                 contains(database.left_out, excluded.substr(dot + 1));
        });
    if (is_found) continue;
    throw Error(ErrorKind::service,
                format("leave out table '{}': there is none of that name", printable(excluded)))
        .hint("Write entries of 'exclude_tables' as DATABASE.TABLE.");
  }
}

}  // namespace

std::vector<MysqlDatabase> list_databases(MysqlServer& server,
                                          const std::vector<std::string>& wanted,
                                          const std::vector<std::string>& exclude_tables) {
  std::vector<MysqlDatabase> databases;
  std::vector<std::string> there;
  for (const auto& row : server.query(databases_sql)) {
    if (row.size() != 3 || is_own(row[0])) continue;
    there.push_back(row[0]);
    if (!wanted.empty() && !contains(wanted, row[0])) continue;
    databases.push_back({.name = row[0], .charset = row[1], .collation = row[2]});
  }
  for (const std::string& name : wanted) {
    if (!contains(there, name)) fail_missing(name, there);
  }
  if (databases.empty()) {
    throw Error(ErrorKind::service, "list databases: the server shows none but its own")
        .hint("A user sees only what it has rights for: docs/recipes/mysql.md lists them.");
  }
  for (const auto& row : server.query(tables_sql)) {
    const auto found = std::find_if(databases.begin(), databases.end(),
                                    [&](const auto& one) { return one.name == row.at(0); });
    if (row.size() == 5 && found != databases.end()) add_table(*found, row, exclude_tables);
  }
  for (const MysqlDatabase& database : databases) {
    if (wanted.empty() || !database.tables.empty()) continue;
    throw Error(
        ErrorKind::service,
        format("list the tables of database '{}': the server shows none", printable(database.name)))
        .hint("A user sees only what it has rights for: docs/recipes/mysql.md lists them.");
  }
  refuse_unknown_exclusions(databases, exclude_tables);
  return databases;
}

}  // namespace lifeboat
