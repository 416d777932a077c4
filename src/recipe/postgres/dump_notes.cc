#include "recipe/postgres/dump_notes.h"

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/details.h"

namespace lifeboat {

std::string database_file(const std::string& name) {
  return format("databases/{}.sql", percent_encode(name));
}

Json note_databases(const std::vector<NotedDatabase>& databases) {
  Json list = Json::array();
  for (const NotedDatabase& database : databases) {
    Json tables = Json::array();
    for (const ListedTable& table : database.tables) {
      tables.push_back({table.name.schema, table.name.table, table.rows});
    }
    list.push_back({{"name", database.name},
                    {"file", database.file},
                    {"extensions", database.extensions},
                    {"tables", std::move(tables)}});
  }
  return list;
}

std::vector<NotedDatabase> read_noted_databases(const Json& details) {
  try {
    std::vector<NotedDatabase> databases;
    for (const Json& entry : details.at("databases")) {
      NotedDatabase database;
      database.name = entry.at("name").get<std::string>();
      database.file = entry.at("file").get<std::string>();
      database.extensions = entry.at("extensions").get<std::vector<std::string>>();
      for (const Json& table : entry.at("tables")) {
        database.tables.push_back({{table.at(0).get<std::string>(), table.at(1).get<std::string>()},
                                   table.at(2).get<uint64_t>()});
      }
      if (!is_inner_path(database.file)) {
        throw Error(ErrorKind::verification, "read facts: a dump's name leads out of its folder");
      }
      databases.push_back(std::move(database));
    }
    return databases;
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::verification, format("read facts: {}", error.what()));
  }
}

void RoleScan::on_line(std::string_view line, bool at_top) {
  constexpr std::string_view head = "CREATE ROLE ";
  if (!at_top || !line.starts_with(head)) return;
  line.remove_prefix(head.size());
  if (auto role = take_identifier(line)) roles_.push_back(std::move(*role));
}

std::string compare_tables(const std::vector<ListedTable>& wanted, const DumpScan& scan) {
  constexpr size_t told_max = 3;
  std::vector<std::string> faults;
  for (const ListedTable& table : wanted) {
    const std::string name = printable(table.name.text());
    const auto found = scan.tables().find(table.name);
    if (found == scan.tables().end()) {
      faults.push_back(format("table '{}' is missing", name));
    } else if (found->second.rows != table.rows) {
      faults.push_back(
          format("table '{}' has {} rows instead of {}", name, found->second.rows, table.rows));
    }
  }
  const size_t more = faults.size() > told_max ? faults.size() - told_max : 0;
  if (more > 0) {
    faults.resize(told_max);
    faults.push_back(format("and {} more", more));
  }
  return format("{}", join(faults, ", "));
}

}  // namespace lifeboat
