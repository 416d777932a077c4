// n8n's tables in SQLite: counted, tested and written as the JSON that n8n's own CLI imports.
//
// The JSON is made from the database and not asked of n8n: the public API gives no secrets and new
// ids, the CLI boots a second n8n on the live database. Column types come from the schema, so that
// columns of other n8n versions are carried along.
// Compared with `n8n export:workflow --all` and `export:credentials --all` of n8n 1.123.81.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/source.h"
#include "recipe/sqlite/snapshot.h"

namespace lifeboat {

// Throws Error(service) with a hint unless the tables are there.
void require_n8n_tables(SqliteDatabase& database);

// JSON arrays as `n8n import:workflow --input` and `n8n import:credentials --input` take them;
// credentials keep their ciphertext. One row is in memory at a time.
std::unique_ptr<Source> export_workflows(std::shared_ptr<SqliteSnapshot> snapshot);
std::unique_ptr<Source> export_credentials(std::shared_ptr<SqliteSnapshot> snapshot);

// Names by id.
std::map<std::string, std::string> workflow_names(SqliteDatabase& database);

struct CredentialTest {
  uint64_t total = 0;
  uint64_t empty = 0;                // of those that decrypt: without any content
  std::vector<std::string> failing;  // "name (type)", ready to print
};
// Decrypts every credential and parses what comes out.
CredentialTest test_credentials(SqliteDatabase& database, std::string_view passphrase);

}  // namespace lifeboat
