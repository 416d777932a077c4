#include "support/n8n_sample.h"

#include <sys/stat.h>

#include <fstream>

#include "base/error.h"
#include "base/format.h"
#include "crypto/openssl_salted.h"
#include "recipe/n8n/instance.h"
#include "recipe/sqlite/sqlite.h"

namespace lifeboat::test {
namespace {

#define NOW "(STRFTIME('%Y-%m-%d %H:%M:%f', 'NOW'))"
#define TIMES                                       \
  "\"createdAt\" datetime(3) NOT NULL DEFAULT " NOW \
  ", \"updatedAt\" datetime(3) NOT NULL DEFAULT " NOW

// The statements of n8n 1.123.81, shortened by constraint names and most indexes.
constexpr const char* schema =
    "CREATE TABLE migrations(\"id\" integer PRIMARY KEY AUTOINCREMENT NOT NULL, \"timestamp\" "
    "bigint NOT NULL, \"name\" varchar NOT NULL);"
    "CREATE TABLE role(\"slug\" varchar(128) PRIMARY KEY NOT NULL, \"displayName\" text, " TIMES
    ");"
    "CREATE TABLE \"user\"(\"id\" varchar PRIMARY KEY, \"email\" varchar(255) UNIQUE, "
    "\"firstName\" "
    "varchar(32), \"lastName\" varchar(32), \"password\" varchar, " TIMES
    ", \"roleSlug\" "
    "varchar(128) NOT NULL REFERENCES role(slug));"
    "CREATE TABLE project(\"id\" varchar(36) PRIMARY KEY NOT NULL, \"name\" varchar(255) NOT NULL, "
    "\"type\" varchar(36) NOT NULL, " TIMES
    ", \"icon\" text, \"description\" VARCHAR(512));"
    "CREATE TABLE project_relation(\"projectId\" varchar(36) NOT NULL REFERENCES project(id), "
    "\"userId\" varchar NOT NULL REFERENCES \"user\"(id), \"role\" varchar NOT NULL, " TIMES
    ", PRIMARY KEY(\"projectId\", \"userId\"));"
    "CREATE TABLE folder(\"id\" varchar(36) PRIMARY KEY NOT NULL, \"name\" varchar(128) NOT NULL, "
    "\"projectId\" varchar(36) NOT NULL REFERENCES project(id), " TIMES
    ");"
    "CREATE TABLE workflow_entity(\"id\" varchar(36) PRIMARY KEY NOT NULL, \"name\" varchar(128) "
    "NOT NULL, \"active\" boolean NOT NULL, \"nodes\" text, \"connections\" text, \"settings\" "
    "text, \"staticData\" text, \"pinData\" text, \"versionId\" varchar(36) NOT NULL, "
    "\"triggerCount\" integer DEFAULT (0), \"meta\" text, \"parentFolderId\" varchar(36) "
    "REFERENCES "
    "folder(id), " TIMES
    ", \"isArchived\" boolean NOT NULL DEFAULT (FALSE), \"versionCounter\" "
    "integer NOT NULL DEFAULT (1), \"description\" text, \"activeVersionId\" varchar(36));"
    "CREATE INDEX workflow_name ON workflow_entity(\"name\");"
    "CREATE TABLE credentials_entity(\"id\" varchar(36) PRIMARY KEY NOT NULL, \"name\" "
    "varchar(128) NOT NULL, \"data\" text NOT NULL, \"type\" varchar(32) NOT NULL, " TIMES
    ", \"isManaged\" BOOLEAN NOT NULL DEFAULT 0, \"isGlobal\" BOOLEAN NOT NULL DEFAULT 0);"
    "CREATE TABLE shared_workflow(\"workflowId\" varchar(36) NOT NULL REFERENCES "
    "workflow_entity(id) ON DELETE CASCADE, \"projectId\" varchar(36) NOT NULL REFERENCES "
    "project(id), \"role\" text NOT NULL, " TIMES
    ", PRIMARY KEY(\"workflowId\", \"projectId\"));"
    "CREATE TABLE shared_credentials(\"credentialsId\" varchar(36) NOT NULL REFERENCES "
    "credentials_entity(id) ON DELETE CASCADE, \"projectId\" varchar(36) NOT NULL REFERENCES "
    "project(id), \"role\" text NOT NULL, " TIMES
    ", PRIMARY KEY(\"credentialsId\", "
    "\"projectId\"));"
    "CREATE TABLE tag_entity(\"id\" varchar(36) PRIMARY KEY NOT NULL, \"name\" varchar(24) NOT "
    "NULL, " TIMES
    ");"
    "CREATE TABLE workflows_tags(\"workflowId\" varchar(36) NOT NULL REFERENCES "
    "workflow_entity(id) ON DELETE CASCADE, \"tagId\" integer NOT NULL REFERENCES tag_entity(id), "
    "PRIMARY KEY(\"workflowId\", \"tagId\"));"
    "CREATE TABLE settings(\"key\" TEXT NOT NULL PRIMARY KEY, \"value\" TEXT NOT NULL DEFAULT '', "
    "\"loadOnStartup\" boolean NOT NULL default false);"
    "CREATE TABLE execution_entity(\"id\" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "
    "\"workflowId\" varchar(36) NOT NULL REFERENCES workflow_entity(id) ON DELETE CASCADE, "
    "\"finished\" boolean NOT NULL, \"mode\" varchar NOT NULL, \"startedAt\" datetime, \"status\" "
    "varchar NOT NULL, \"createdAt\" datetime(3) NOT NULL DEFAULT " NOW
    ");"
    "CREATE TABLE execution_data(\"executionId\" int PRIMARY KEY NOT NULL REFERENCES "
    "execution_entity(id) ON DELETE CASCADE, \"workflowData\" text NOT NULL, \"data\" text NOT "
    "NULL);"
    // SQLite's "trusted schema off" cannot read this one.
    "CREATE TABLE workflow_dependency(\"id\" integer PRIMARY KEY AUTOINCREMENT NOT NULL, "
    "\"dependencyInfo\" text CHECK (\"dependencyInfo\" IS NULL OR json_valid(\"dependencyInfo\")));"
    "INSERT INTO migrations(timestamp, name) VALUES(1784000000004, "
    "'AddInsightsRawTimestampIdIndex1784000000004');"
    "INSERT INTO role(slug, displayName) VALUES('global:owner', 'Owner');"
    "INSERT INTO \"user\"(id, email, firstName, lastName, roleSlug) VALUES"
    "('0e938381-e581-494f-a842-fa8b142c6bb6', 'owner@example.com', 'Life', 'Boat', 'global:owner');"
    "INSERT INTO project(id, name, type) VALUES('6h0TsLL4LTv3areT', "
    "'Life Boat <owner@example.com>', 'personal');"
    "INSERT INTO project_relation(projectId, userId, role) VALUES('6h0TsLL4LTv3areT', "
    "'0e938381-e581-494f-a842-fa8b142c6bb6', 'project:personalOwner');"
    "INSERT INTO tag_entity(id, name) VALUES('T5YTQCs3wPlr4aAC', 'prod');"
    "INSERT INTO settings(key, value) VALUES('userManagement.isInstanceOwnerSetUp', 'true');";

#undef TIMES
#undef NOW

std::string workflow_id(int number) { return format("flow{:012d}", number); }
std::string credential_id(int number) { return format("cred{:012d}", number); }

void insert_workflow(SqliteDatabase& database, int number, int credentials) {
  std::string uses;
  if (credentials > 0) {
    const int used = (number - 1) % credentials + 1;
    uses = format(R"(,"credentials":{{"httpHeaderAuth":{{"id":"{}","name":"cred-{}"}}}})",
                  credential_id(used), used);
  }
  const std::string nodes =
      format(R"([{{"id":"t{0}","name":"Hook","type":"n8n-nodes-base.webhook","typeVersion":2,)"
             R"("position":[0,0],"parameters":{{"path":"hook-{0}"}}}},)"
             R"({{"id":"h{0}","name":"HTTP","type":"n8n-nodes-base.httpRequest","typeVersion":4.2,)"
             R"("position":[440,0],"parameters":{{"url":"https://example.com/"}}{1}}}])",
             number, uses);
  database.exec(format(
      "INSERT INTO workflow_entity(id, name, active, nodes, connections, settings, versionId) "
      "VALUES('{0}', 'flow-{1}', {2}, '{3}', "
      "'{{\"Hook\":{{\"main\":[[{{\"node\":\"HTTP\",\"type\":\"main\",\"index\":0}}]]}}}}', "
      "'{{\"executionOrder\":\"v1\"}}', 'version-{1}');"
      "INSERT INTO shared_workflow(workflowId, projectId, role) "
      "VALUES('{0}', '6h0TsLL4LTv3areT', 'workflow:owner');"
      "INSERT INTO execution_entity(workflowId, finished, mode, status) "
      "VALUES('{0}', 1, 'webhook', 'success');",
      workflow_id(number), number, number % 3 == 0 ? 1 : 0, nodes));
  if (number % 4 == 1) {
    database.exec(
        format("INSERT INTO workflows_tags VALUES('{}', 'T5YTQCs3wPlr4aAC')", workflow_id(number)));
  }
}

void write_text(const std::filesystem::path& file, const std::string& text, mode_t mode) {
  std::ofstream stream(file, std::ios::binary);
  stream << text;
  ensure(static_cast<bool>(stream.flush()), "a sample file can be written");
  ::chmod(file.c_str(), mode);
}

}  // namespace

void make_n8n_sample(const std::filesystem::path& folder, const N8nSampleOptions& options,
                     Random& random) {
  std::filesystem::create_directories(folder / "binaryData" / "workflows");
  std::filesystem::create_directories(folder / "nodes");
  write_text(folder / "binaryData" / "workflows" / "picture", std::string(5000, 'p'), 0644);
  write_text(folder / "nodes" / "package.json", "{\"dependencies\":{}}\n", 0644);
  write_text(folder / n8n_config_name, format("{{\n\t\"encryptionKey\": \"{}\"\n}}", options.key),
             0600);
  SqliteDatabase database(folder / n8n_database_name, SqliteOpen::write);
  database.exec(options.as_wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE");
  database.exec(std::string("BEGIN;") + schema);
  const Secret passphrase = n8n_passphrase(options.key);
  for (int number = 1; number <= options.credentials; ++number) {
    const std::string plain =
        format(R"({{"name":"Authorization","value":"secret-value-{}"}})", number);
    database.exec(
        format("INSERT INTO credentials_entity(id, name, data, type) "
               "VALUES('{0}', 'cred-{1}', '{2}', 'httpHeaderAuth');"
               "INSERT INTO shared_credentials(credentialsId, projectId, role) "
               "VALUES('{0}', '6h0TsLL4LTv3areT', 'credential:owner')",
               credential_id(number), number,
               openssl_salted_encrypt(as_bytes(plain), passphrase.reveal(), random)));
  }
  for (int number = 1; number <= options.workflows; ++number) {
    insert_workflow(database, number, options.credentials);
  }
  database.exec("COMMIT");
}

void add_n8n_workflow(const std::filesystem::path& folder, int number) {
  SqliteDatabase database(folder / n8n_database_name, SqliteOpen::write);
  database.exec("BEGIN IMMEDIATE");
  insert_workflow(database, number, 0);
  database.exec("COMMIT");
}

}  // namespace lifeboat::test
