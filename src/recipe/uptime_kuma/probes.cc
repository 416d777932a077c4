#include "recipe/uptime_kuma/probes.h"

#include <array>
#include <utility>

#include "base/format.h"
#include "base/text.h"
#include "io/no_links.h"
#include "recipe/details.h"
#include "recipe/mysql/probes.h"
#include "recipe/sqlite/probes.h"
#include "recipe/sqlite/rows.h"
#include "recipe/uptime_kuma/instance.h"
#include "recipe/volume/tree.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t config_bytes_max = 1 << 20;
constexpr std::array<std::pair<const char*, const char*>, 4> counted{
    {{"monitors", "monitor"},
     {"notifications", "notification"},
     {"users", "user"},
     {"heartbeats", "heartbeat"}}};

// 1.x has no such file, and none is expected then.
ProbeResult probe_config(const RestoredService& restored) {
  return ask("db-config.json names the database", [&] {
    const std::string expected = detail_text(restored.expected.details, "type", "none");
    const fs::path file = restored.directory / kuma_config_name;
    if (!fs::exists(file)) return compare("", expected, "none");
    const KumaDatabase database = kuma_database_of(read_file_without_links(file, config_bytes_max));
    return compare("", expected,
                   database == KumaDatabase::sqlite             ? "sqlite"
                   : database == KumaDatabase::embedded_mariadb ? "embedded-mariadb"
                                                                : "mariadb");
  });
}

ProbeResult probe_count(SqliteDatabase& database, const Item& item, const char* table) {
  return ask(format("count of {}", item.plural), [&] {
    return compare("", format("{}", item.count), format("{}", count_rows(database, table)));
  });
}

// A notification is its settings: where it goes and with which token, as JSON.
ProbeResult probe_notifications(SqliteDatabase& database) {
  return ask("every notification has its settings", [&] {
    SqliteStatement rows = database.prepare("SELECT name, config FROM notification");
    ProbeResult answer{"", true, "all", "all", ""};
    while (rows.step()) {
      const Json config = Json::parse(rows.text(1), nullptr, /*allow_exceptions=*/false);
      if (config.is_object() && !config.empty()) continue;
      answer.passed = false;
      answer.found = format("'{}' has none", printable(rows.text(0)));
    }
    return answer;
  });
}

// Logins are signed with it: without it Uptime Kuma makes a new one, and every session ends.
ProbeResult probe_secret(SqliteDatabase& database) {
  return ask("the secret that signs logins", [&] {
    const int64_t count = database.query_integer(
        "SELECT count(*) FROM setting WHERE key = 'jwtSecret' AND length(value) > 2");
    return compare("", "there", count == 1 ? "there" : "missing");
  });
}

ProbeResult probe_uploads(const RestoredService& restored, const StopToken& stop) {
  return ask("count of uploads", [&] {
    const fs::path folder = restored.directory / "upload";
    const uint64_t found = fs::is_directory(folder) ? count_tree(folder, {.stop = stop}).files : 0;
    const Item* item = restored.expected.find("uploads");
    const uint64_t expected = item != nullptr ? item->count : 0;
    ProbeResult answer = compare("", format("{}", expected), format("{}", found));
    answer.passed = found >= expected;  // one may have come while it was read
    return answer;
  });
}

void empty_settings(const fs::path& file) {
  SqliteDatabase database(file, SqliteOpen::write);
  if (count_rows(database, "notification") == 0) {
    throw Error(ErrorKind::service, "damage a notification: there is none");
  }
  database.exec(
      "UPDATE notification SET config = '' WHERE id = (SELECT min(id) FROM notification)");
}

}  // namespace

std::vector<ProbeResult> probe_kuma(const RestoredService& restored, RecipeContext& context) {
  std::vector<ProbeResult> results;
  results.push_back(probe_config(restored));
  results.push_back(probe_uploads(restored, context.stop));
  // The database of an external server is in a service of its own.
  if (restored.expected.find("monitors") == nullptr) return results;
  if (restored.expected.details.contains("databases")) {
    for (ProbeResult& answer : probe_mysql(restored, context)) results.push_back(std::move(answer));
    return results;
  }
  std::unique_ptr<SqliteDatabase> database;
  results.push_back(ask("the database opens", [&] {
    database = std::make_unique<SqliteDatabase>(restored.directory / kuma_database_name,
                                                SqliteOpen::copy, context.stop);
    require_kuma_tables(*database);
    return compare("", "yes", "yes");
  }));
  if (!results.back().passed) return results;
  results.push_back(probe_integrity(*database));
  results.push_back(probe_foreign_keys(*database, restored.expected.details));
  for (const auto& [key, table] : counted) {
    const Item* item = restored.expected.find(key);
    if (item != nullptr) results.push_back(probe_count(*database, *item, table));
  }
  results.push_back(probe_notifications(*database));
  results.push_back(probe_secret(*database));
  return results;
}

std::vector<Sabotage> kuma_sabotages() {
  // Opened to be written, one that is not there would be made.
  const RestoredFile database = [](const RestoredService& restored) {
    const fs::path file = restored.directory / kuma_database_name;
    if (fs::exists(file)) return file;
    throw Error(ErrorKind::service, "damage the SQLite database: there is none");
  };
  Sabotage missing_monitor = sabotage_missing_row(database, "monitor");
  missing_monitor.name = "missing monitor";
  std::vector<Sabotage> all{
      std::move(missing_monitor),
      sabotage_damaged_page(database),
      sabotage_missing_file(database),
      {"emptied notification", "the settings of a notification were emptied",
       [database](const RestoredService& restored) { empty_settings(database(restored)); }}};
  // Of a dump; what does not apply says so.
  for (Sabotage& sabotage : mysql_sabotages()) all.push_back(std::move(sabotage));
  return all;
}

std::vector<InventoryEntry> inventory_kuma(const RestoredService& restored, const StopToken& stop) {
  const fs::path file = restored.directory / kuma_database_name;
  if (!fs::exists(file)) return {};
  SqliteDatabase database(file, SqliteOpen::copy, stop);
  require_kuma_tables(database);
  std::vector<InventoryEntry> entries =
      inventory_of_rows(database, "monitor", "monitor", "name", {});
  for (InventoryEntry& one :
       inventory_of_rows(database, "notification", "notification", "name", {})) {
    entries.push_back(std::move(one));
  }
  if (!database.has_table("status_page")) return entries;
  for (InventoryEntry& one :
       inventory_of_rows(database, "status_page", "status page", "title", {"modified_date"})) {
    entries.push_back(std::move(one));
  }
  return entries;
}

}  // namespace lifeboat
