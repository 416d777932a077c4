#include "recipe/traccar/probes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "io/fd.h"
#include "recipe/details.h"
#include "recipe/mysql/backup.h"
#include "recipe/mysql/inventory.h"
#include "recipe/mysql/probes.h"
#include "recipe/mysql/sql_text.h"
#include "recipe/mysql/table_rows.h"

namespace lifeboat {
namespace {

constexpr const char* lock_table = "databasechangeloglock";
constexpr const char* users_table = "tc_users";
constexpr const char* devices_table = "tc_devices";

struct Counted {
  const char* item;
  const char* table;
};
constexpr std::array<Counted, 3> counted{
    {{"devices", devices_table}, {"users", users_table}, {"positions", "tc_positions"}}};

// Columns of devices that move with each position: state, and nothing that anybody set.
const std::set<std::string>& moving_columns() {
  static const std::set<std::string> names{
      "lastupdate",          "positionid",     "status",          "motionstate",
      "motiontime",          "motiondistance", "motionstreak",    "overspeedtime",
      "overspeedgeofenceid", "overspeedstate", "motionpositionid"};
  return names;
}

// LOCKED is a BIT or a TINYINT: 0, 0x00, b'0' and '\0' all say no.
bool is_false(const std::string& written) {
  const std::string value = unquote_value(written);
  return value == "0" || value == std::string(1, '\0') || value.empty() || value == "b'0'";
}

// The real name of a table, since servers may keep it in lower case.
std::string real_name(const DumpSummary& summary, const std::string& table) {
  for (const auto& [name, rows] : summary.rows) {
    if (ascii_lower(name) == table) return name;
  }
  return "";
}

ProbeResult probe_lock(const std::map<std::string, MysqlTableRows>& tables) {
  ProbeResult answer{"Traccar's updates are not locked", true, "LOCKED = 0", "free", ""};
  const auto lock = tables.find(lock_table);
  if (lock == tables.end()) {
    answer.passed = false;
    answer.found = "no table DATABASECHANGELOGLOCK";
    return answer;
  }
  const auto column = lock->second.column("locked");
  for (const MysqlRow& row : lock->second.rows) {
    if (column && *column < row.values.size() && is_false(row.values[*column])) continue;
    answer.passed = false;
    answer.found = "locked: a restored Traccar would wait for ever";
  }
  return answer;
}

void lock_updates(const RestoredService& restored) {
  const std::string database = traccar_database(restored.expected);
  const auto tables = read_tables(restored, database, {lock_table}, {});
  const auto lock = tables.find(lock_table);
  const auto column =
      lock == tables.end() ? std::optional<size_t>() : lock->second.column("locked");
  if (!column || lock->second.rows.empty()) {
    throw Error(ErrorKind::service, "lock Traccar's updates: there is no row that says so");
  }
  const MysqlRow& row = lock->second.rows.front();
  const std::string& value = row.values.at(*column);
  const size_t zero = value.rfind('0');
  if (zero == std::string::npos) {
    throw Error(ErrorKind::service, "lock Traccar's updates: LOCKED holds no zero");
  }
  const std::string path = (restored.directory / dump_member(database)).native();
  const UniqueFd fd = open_file(path, O_WRONLY | O_NOFOLLOW);
  ::lseek(fd.get(), static_cast<off_t>(row.offset_of(*column) + zero), SEEK_SET);
  write_fd(fd.get(), as_bytes("1"), path, ErrorKind::service);
}

void remove_device(const RestoredService& restored) {
  const std::string database = traccar_database(restored.expected);
  const auto tables = read_tables(restored, database, {devices_table}, {});
  const auto devices = tables.find(devices_table);
  if (devices == tables.end() || devices->second.rows.size() < 2) {
    throw Error(ErrorKind::service, "remove a device: there are fewer than two");
  }
  const uint64_t begin = devices->second.rows[0].offset;
  blank_out(restored.directory / dump_member(database), begin,
            devices->second.rows[1].offset - begin);
}

std::string fingerprint(const MysqlTableRows& table, const MysqlRow& row) {
  Sha256 hash;
  for (size_t at = 0; at < std::min(table.columns.size(), row.values.size()); ++at) {
    if (moving_columns().contains(table.columns[at])) continue;
    hash.update(as_bytes(format("{}={};", table.columns[at], row.values[at])));
  }
  return hex_encode(hash.finish());
}

}  // namespace

const std::vector<std::string>& traccar_tables() {
  static const std::vector<std::string> names{"tc_servers",   users_table,         devices_table,
                                              "tc_positions", "databasechangelog", lock_table};
  return names;
}

std::string traccar_database(const Facts& facts) {
  const auto databases = expected_databases(facts);
  if (databases.size() != 1) {
    throw Error(ErrorKind::verification, "read facts: they name more than one database");
  }
  return databases.begin()->first;
}

std::vector<ProbeResult> probe_traccar(const RestoredService& restored, RecipeContext& context) {
  std::vector<ProbeResult> answers = probe_mysql(restored, context);
  std::map<std::string, MysqlTableRows> tables;
  try {
    tables = read_tables(restored, traccar_database(restored.expected), {lock_table}, context.stop);
  } catch (const Error& error) {
    answers.push_back({"Traccar's updates are not locked", false, "LOCKED = 0", error.what(), ""});
    return answers;
  }
  answers.push_back(probe_lock(tables));
  const std::string configuration = detail_text(restored.expected.details, "configuration");
  if (configuration.empty()) return answers;
  if (!is_inner_path(configuration)) {
    throw Error(ErrorKind::verification, "read facts: detail 'configuration' is no inner path");
  }
  std::error_code ignored;
  const bool is_there =
      std::filesystem::is_regular_file(restored.directory / configuration, ignored);
  answers.push_back({"Traccar's configuration is there", is_there, configuration,
                     is_there ? configuration : "no such file", ""});
  return answers;
}

void ask_traccar(MysqlServer& server, const Facts& facts, std::vector<ProbeResult>& answers) {
  const std::string database = traccar_database(facts);
  const DumpSummary summary = expected_databases(facts).at(database);
  const auto table = [&](const std::string& name) {
    return format("{}.{}", quote_name(database), quote_name(real_name(summary, name)));
  };
  for (const Counted& one : counted) {
    const Item* item = facts.find(one.item);
    if (item == nullptr) continue;
    const auto found = server.query(format("SELECT count(*) FROM {}", table(one.table)));
    const std::string count = found.at(0).at(0);
    answers.push_back({format("the server counts the {}", one.item),
                       count == std::to_string(item->count), std::to_string(item->count), count,
                       ""});
  }
  const auto locked =
      server.query(format("SELECT count(*) FROM {} WHERE LOCKED <> 0", table(lock_table)));
  answers.push_back({"the server finds Traccar's updates not locked", locked.at(0).at(0) == "0",
                     "0", locked.at(0).at(0), ""});
}

std::vector<Sabotage> traccar_sabotages() {
  std::vector<Sabotage> all = mysql_sabotages();
  all.push_back({"missing device", "a device was taken out of the dump", remove_device});
  all.push_back({"locked updates", "DATABASECHANGELOGLOCK was set to locked", lock_updates});
  return all;
}

std::vector<InventoryEntry> traccar_inventory(const RestoredService& restored,
                                              RecipeContext& context) {
  const std::string database = traccar_database(restored.expected);
  const auto tables = read_tables(restored, database, {users_table, devices_table}, context.stop);
  std::vector<InventoryEntry> entries;
  for (const auto& [name, table] : tables) {
    const bool is_user = name == users_table;
    for (const MysqlRow& row : table.rows) {
      const std::string label = table.value(row, is_user ? "email" : "uniqueid");
      entries.push_back({is_user ? "user" : "device", table.value(row, "id"),
                         format("{} ({})", table.value(row, "name"), label),
                         fingerprint(table, row)});
    }
  }
  for (InventoryEntry& entry : inventory_of_dumps(restored, context)) {
    const std::string id = ascii_lower(entry.id);
    if (id.ends_with(format(".{}", users_table)) || id.ends_with(format(".{}", devices_table))) {
      continue;
    }
    entries.push_back(std::move(entry));
  }
  return entries;
}

}  // namespace lifeboat
