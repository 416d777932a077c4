#include "support/grafana_sample.h"

#include <fstream>

#include "base/format.h"
#include "base/json.h"
#include "crypto/base64.h"
#include "recipe/grafana/secrets.h"
#include "recipe/sqlite/sqlite.h"

namespace lifeboat::test {
namespace {

constexpr const char* data_key_id = "de7rqkmbs4ao0a";
constexpr std::string_view data_key = "16-bytes-of-key!";

constexpr const char* schema = R"(
  PRAGMA journal_mode = WAL;
  CREATE TABLE org(id INTEGER PRIMARY KEY, name TEXT);
  CREATE TABLE dashboard(id INTEGER PRIMARY KEY, org_id INTEGER, uid TEXT, title TEXT, data TEXT,
                         is_folder INTEGER DEFAULT 0);
  CREATE TABLE data_source(id INTEGER PRIMARY KEY, org_id INTEGER, uid TEXT, name TEXT, type TEXT,
                           secure_json_data TEXT);
  CREATE TABLE user(id INTEGER PRIMARY KEY, login TEXT, password TEXT);
  CREATE TABLE alert_rule(id INTEGER PRIMARY KEY, org_id INTEGER, uid TEXT);
  CREATE TABLE alert_configuration(id INTEGER PRIMARY KEY, org_id INTEGER,
                                   alertmanager_configuration TEXT);
  CREATE TABLE data_keys(name TEXT PRIMARY KEY, active INTEGER, scope TEXT, provider TEXT,
                         encrypted_data BLOB, label TEXT);
  CREATE TABLE secrets(id INTEGER PRIMARY KEY, org_id INTEGER, namespace TEXT, type TEXT,
                       value TEXT);
  INSERT INTO org VALUES (1, 'Main Org.'), (2, 'Second org');
  INSERT INTO user(login, password) VALUES ('admin', 'hash'), ('ada', 'hash');
  INSERT INTO dashboard(org_id, uid, title, data) VALUES
    (1, 'home', 'Home', '{}'), (1, 'nodes', 'Nodes', '{}'), (2, 'home', 'Other', '{}');
)";

std::string base64(std::string_view text, bool is_padded) {
  std::string made = base64_encode_standard(as_bytes(text));
  while (!is_padded && made.ends_with('=')) made.pop_back();
  return made;
}

std::string seal(std::string_view plain, const GrafanaSampleOptions& options, Random& random) {
  if (!options.has_envelope) return grafana_seal(plain, options.secret_key, random);
  return format("#{}#", base64(data_key_id, false)) + grafana_seal(plain, data_key, random);
}

}  // namespace

void make_grafana_sample(const std::filesystem::path& folder, const GrafanaSampleOptions& options,
                         Random& random) {
  std::filesystem::create_directories(folder / "plugins" / "grafana-clock-panel");
  SqliteDatabase database(folder / "grafana.db", SqliteOpen::write);
  database.exec(schema);
  const auto insert = [&](const char* sql, const std::string& value) {
    database.prepare(sql).rebind(1, value).step();
  };
  const Json password = {{"password", base64(seal("orders-db-password", options, random), true)}};
  insert(
      "INSERT INTO data_source(org_id, uid, name, type, secure_json_data) "
      "VALUES (1, 'P1-pg', 'Orders', 'postgres', ?1)",
      print_json_line(password));
  insert(
      "INSERT INTO data_source(org_id, uid, name, type, secure_json_data) "
      "VALUES (1, 'prom', 'Prometheus', 'prometheus', ?1)",
      "{}");
  insert(
      "INSERT INTO secrets(org_id, namespace, type, value) "
      "VALUES (1, 'Orders', 'datasource', ?1)",
      base64(seal(R"({"password":"orders-db-password"})", options, random), false));
  const Json receiver = {
      {"name", "on call"},
      {"type", "slack"},
      {"secureSettings",
       {{"url", base64(seal("https://hooks.slack.test/secret-path", options, random), true)}}}};
  Json config;
  config["alertmanager_config"]["receivers"] = Json::array();
  config["alertmanager_config"]["receivers"].push_back(
      {{"name", "on call"}, {"grafana_managed_receiver_configs", Json::array({receiver})}});
  insert("INSERT INTO alert_configuration(org_id, alertmanager_configuration) VALUES (1, ?1)",
         print_json_line(config));
  if (options.has_envelope) {
    insert(format("INSERT INTO data_keys VALUES ('{}', 1, 'root', 'secretKey.v1', "
                  "CAST(?1 AS BLOB), 'root')",
                  data_key_id)
               .c_str(),
           grafana_seal(data_key, options.secret_key, random));
  }
  if (options.has_ini) {
    std::ofstream(folder / "grafana.ini")
        << "# comment\n[server]\nsecret_key = not-this-one\n[security]\n;secret_key = nor-this\n"
        << "secret_key = \"\"\"" << options.secret_key << "\"\"\"\n";
  }
}

}  // namespace lifeboat::test
