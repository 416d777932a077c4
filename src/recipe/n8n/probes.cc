#include "recipe/n8n/probes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/openssl_salted.h"
#include "io/no_links.h"
#include "recipe/n8n/instance.h"
#include "recipe/n8n/json_list.h"
#include "recipe/n8n/tables.h"
#include "recipe/sqlite/probes.h"
#include "recipe/sqlite/rows.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr size_t shown_max = 3;
constexpr uint64_t config_bytes_max = 1 << 20;

std::string first_of(const std::vector<std::string>& names) {
  std::string shown;
  for (size_t at = 0; at < std::min(names.size(), shown_max); ++at) {
    shown += (at == 0 ? "" : ", ") + names[at];
  }
  return names.size() > shown_max ? format("{} and {} more", shown, names.size() - shown_max)
                                  : shown;
}

ProbeResult probe_config(const fs::path& file) {
  return ask("config holds the key", [&] {
    const bool has_key =
        key_of_n8n_config(read_file_without_links(file, config_bytes_max)).has_value();
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
      throw system_error(ErrorKind::service, format("stat '{}'", file.native()), errno);
    }
    return compare("", "a key, mode 0600",
                   format("{}, mode {:04o}", has_key ? "a key" : "no key", status.st_mode & 07777));
  });
}

ProbeResult probe_credentials(SqliteDatabase& database, const fs::path& config, uint64_t expected) {
  return ask("every credential decrypts", [&] {
    const std::optional<Secret> key =
        key_of_n8n_config(read_file_without_links(config, config_bytes_max));
    if (!key) throw Error(ErrorKind::service, "read n8n's config: it has no key");
    const CredentialTest test = test_credentials(database, n8n_passphrase(key->reveal()).reveal());
    return compare("", format("{} of {}", expected, expected),
                   format("{} of {}", test.total - test.failing.size(), test.total),
                   test.failing.empty() ? "with the key in the restored config"
                                        : "these do not: " + first_of(test.failing));
  });
}

// The ids in a JSON array of objects; one element is in memory at a time.
std::multiset<std::string> ids_in_json(const fs::path& file) {
  std::multiset<std::string> ids;
  visit_json_list(file,
                  [&](const Json& object) { ids.insert(object.at("id").get<std::string>()); });
  return ids;
}

ProbeResult probe_export(SqliteDatabase& database, const fs::path& file, const char* table) {
  return ask(file.filename().native() + " agrees with the database", [&] {
    const std::vector<std::string> list =
        database.query_list(format("SELECT id FROM {}", sql_name(table)));
    const std::multiset<std::string> expected(list.begin(), list.end());
    const std::multiset<std::string> found = ids_in_json(file);
    ProbeResult result =
        compare("", format("{} ids", expected.size()), format("{} ids", found.size()));
    if (result.passed && expected != found) {
      result.passed = false;
      result.found += ", others";
    }
    return result;
  });
}

// Ids of the credentials that a workflow's nodes name.
void collect_credential_ids(std::string_view nodes, std::set<std::string>& ids) {
  const Json parsed = Json::parse(nodes, nullptr, false);
  if (!parsed.is_array()) return;
  for (const Json& node : parsed) {
    if (!node.is_object() || !node.contains("credentials")) continue;
    for (const auto& [type, credential] : node["credentials"].items()) {
      if (credential.is_object() && credential.contains("id") && credential["id"].is_string()) {
        ids.insert(credential["id"].get<std::string>());
      }
    }
  }
}

// Workflows often name credentials that were deleted long ago: told, never a failure.
ProbeResult probe_references(SqliteDatabase& database) {
  return ask("credentials that workflows name", [&] {
    const std::vector<std::string> list = database.query_list("SELECT id FROM credentials_entity");
    const std::set<std::string> known(list.begin(), list.end());
    SqliteStatement rows = database.prepare("SELECT nodes FROM workflow_entity");
    std::set<std::string> named;
    while (rows.step()) collect_credential_ids(rows.text(0), named);
    uint64_t dangling = 0;
    for (const std::string& id : named) dangling += known.contains(id) ? 0 : 1;
    return ProbeResult{"", true, "told, not judged",
                       format("{} named, {} of them gone", named.size(), dangling), ""};
  });
}

ProbeResult probe_count(SqliteDatabase& database, const Item& item, const char* table) {
  return ask(format("count of {}", item.plural), [&] {
    return compare("", format("{}", item.count), format("{}", count_rows(database, table)));
  });
}

void replace_config(const fs::path& file, std::string_view text) {
  const UniqueFd fd = open_file(file, O_WRONLY | O_TRUNC);
  write_fd(fd.get(), as_bytes(text), file.native(), ErrorKind::service);
}

}  // namespace

std::vector<ProbeResult> probe_n8n(const RestoredService& restored, const StopToken& stop) {
  std::vector<ProbeResult> results;
  const fs::path config = restored.directory / n8n_config_name;
  results.push_back(probe_config(config));
  std::unique_ptr<SqliteDatabase> database;
  results.push_back(ask("the database opens", [&] {
    database = std::make_unique<SqliteDatabase>(restored.directory / n8n_database_name,
                                                SqliteOpen::copy, stop);
    require_n8n_tables(*database);
    return compare("", "yes", "yes");
  }));
  if (!results.back().passed) return results;
  results.push_back(probe_integrity(*database));
  results.push_back(probe_foreign_keys(*database, restored.expected.details));
  constexpr std::array<std::pair<const char*, const char*>, 4> counted{
      {{"workflows", "workflow_entity"},
       {"credentials", "credentials_entity"},
       {"users", "user"},
       {"executions", "execution_entity"}}};
  for (const auto& [key, table] : counted) {
    const Item* item = restored.expected.find(key);
    if (item != nullptr) results.push_back(probe_count(*database, *item, table));
  }
  const Item* credentials = restored.expected.find("credentials");
  results.push_back(
      probe_credentials(*database, config, credentials != nullptr ? credentials->count : 0));
  results.push_back(
      probe_export(*database, restored.directory / "workflows.json", "workflow_entity"));
  results.push_back(
      probe_export(*database, restored.directory / "credentials.json", "credentials_entity"));
  results.push_back(probe_references(*database));
  return results;
}

std::vector<InventoryEntry> inventory_n8n(const RestoredService& restored, const StopToken& stop) {
  SqliteDatabase database(restored.directory / n8n_database_name, SqliteOpen::copy, stop);
  require_n8n_tables(database);
  // What changes without anybody editing: times, counters, the state that a trigger keeps.
  const std::set<std::string> volatile_columns{"updatedAt", "staticData",     "triggerCount",
                                               "versionId", "versionCounter", "lastActiveAt"};
  std::vector<InventoryEntry> entries =
      inventory_of_rows(database, "workflow_entity", "workflow", "name", volatile_columns);
  const std::optional<Secret> key = key_of_n8n_config(
      read_file_without_links(restored.directory / n8n_config_name, config_bytes_max));
  SqliteStatement rows = database.prepare("SELECT id, name, type, data FROM credentials_entity");
  while (rows.step()) {
    const std::string content(rows.text(3));
    std::string fingerprint = sha256_hex(as_bytes(content));
    // Each time it is saved it is salted anew: compared is what it says.
    try {
      if (key) {
        const Secret plain =
            openssl_salted_decrypt(content, n8n_passphrase(key->reveal()).reveal());
        fingerprint = sha256_hex(as_bytes(plain.reveal()));
      }
    } catch (const Error&) {
    }
    entries.push_back({"credential", std::string(rows.text(0)), printable(rows.text(1)),
                       format("{} {} {}", rows.text(1), rows.text(2), fingerprint)});
  }
  for (InventoryEntry& user :
       inventory_of_rows(database, "user", "user", "email", volatile_columns)) {
    entries.push_back(std::move(user));
  }
  return entries;
}

std::vector<Sabotage> n8n_sabotages() {
  const RestoredFile database = restored_file(n8n_database_name);
  const RestoredFile config = restored_file(n8n_config_name);
  Sabotage missing_credential = sabotage_missing_row(database, "credentials_entity");
  missing_credential.name = "missing credential";
  Sabotage missing_config = sabotage_missing_file(config);
  missing_config.name = "missing config";
  missing_config.description = "removed n8n's config, which holds the key";
  const Sabotage wrong_key{
      "wrong key", "put another key into n8n's config", [config](const RestoredService& restored) {
        replace_config(config(restored), R"({"encryptionKey": "this-is-another-key-altogether"})");
      }};
  return {sabotage_missing_row(database, "workflow_entity"), missing_credential, wrong_key,
          missing_config, sabotage_damaged_page(database)};
}

}  // namespace lifeboat
