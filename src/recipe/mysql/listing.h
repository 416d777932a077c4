// What a server says it holds.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "recipe/mysql/server.h"

namespace lifeboat {

struct MysqlTable {
  std::string name;
  std::string type;    // "BASE TABLE", "VIEW", "SEQUENCE", "SYSTEM VERSIONED"
  std::string engine;  // empty for views
  bool has_rows() const { return type == "BASE TABLE" || type == "SYSTEM VERSIONED"; }
};

struct MysqlDatabase {
  std::string name;
  std::string charset;
  std::string collation;
  std::vector<MysqlTable> tables = {};  // by name, without those that are left out
  std::vector<std::string> left_out = {};
  uint64_t bytes = 0;  // about, of its data
};

// Those of `wanted`, or all but the server's own. Throws Error(service) for one that is not there
// or that shows no table, and if there is none at all: with too few rights, a server shows nothing.
std::vector<MysqlDatabase> list_databases(MysqlServer& server,
                                          const std::vector<std::string>& wanted,
                                          const std::vector<std::string>& exclude_tables);

}  // namespace lifeboat
