// What facts.json notes of dumped databases: written at backup time, read by whoever restores.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "recipe/postgres/dump_scan.h"
#include "recipe/postgres/listing.h"

namespace lifeboat {

struct NotedDatabase {
  std::string name;
  std::string file;  // "databases/app.sql", below the service's folder
  std::vector<std::string> extensions;
  std::vector<ListedTable> tables;
};

// "databases/app.sql": what is no letter of a plain file name is written as %XX.
std::string database_file(const std::string& name);

Json note_databases(const std::vector<NotedDatabase>& databases);
// The list `databases` of details. Throws Error(verification) for another form and for paths that
// lead out of the service's folder.
std::vector<NotedDatabase> read_noted_databases(const Json& details);

// The roles that a dump of globals makes, in its order.
class RoleScan {
 public:
  // As DumpScanOptions::on_line; must outlive the scan.
  void on_line(std::string_view line, bool at_top);
  const std::vector<std::string>& roles() const { return roles_; }

 private:
  std::vector<std::string> roles_;
};

// What of `wanted` a dump lacks or has otherwise, in words; empty: nothing.
std::string compare_tables(const std::vector<ListedTable>& wanted, const DumpScan& scan);

}  // namespace lifeboat
