// What a server says it holds, asked of its catalog, so that a dump can be held against it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "recipe/postgres/client.h"
#include "recipe/postgres/sql_text.h"

namespace lifeboat {

struct ListedTable {
  TableName name;
  uint64_t rows = 0;
};

struct ListedDatabase {
  std::string name;
  bool is_utf8_ready = true;  // its text can be given as UTF-8: any encoding but SQL_ASCII
  Json properties;            // of pg_database, for details and CREATE DATABASE
  std::vector<std::string> extensions;
  std::vector<std::string> create_statements;  // one line each, the first is CREATE DATABASE
  std::vector<ListedTable> tables;             // those whose rows a dump must hold
};

struct ListedServer {
  std::string version;  // "15.14 (Debian ...)"
  bool is_superuser = false;
  bool has_tablespaces = false;
  bool has_large_objects = false;
  std::vector<std::string> databases;  // that allow connections and are no templates
};

ListedServer list_server(PostgresClient& client);
// All but the tables. Throws Error(service) if there is no such database.
ListedDatabase list_database(PostgresClient& client, const std::string& name);

struct TableChoice {
  std::vector<TablePattern> exclude;
  std::string excluded_schemas_regex;  // empty: only PostgreSQL's own are left out
};
// The ordinary tables, partitions included, that no extension owns, counted in `snapshot`.
std::vector<ListedTable> count_tables(PostgresClient& client, const std::string& database,
                                      const std::string& snapshot, const TableChoice& choice);

// Fills in the rows of `tables`, in `snapshot` unless it is empty. Throws Error(service) if one is
// not there.
void count_rows(PostgresClient& client, const std::string& database, const std::string& snapshot,
                std::vector<ListedTable>& tables);

}  // namespace lifeboat
