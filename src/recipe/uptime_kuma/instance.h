// An Uptime Kuma's data folder, and which database it is on.
//
//   db-config.json   {"type": "sqlite" | "embedded-mariadb" | "mariadb", ...}; 1.x has none, and is
//                    on SQLite, as 2.x is on one that it cannot read
//   kuma.db          SQLite, WAL
//   run/mariadb.sock of the embedded server, whose database is called kuma
//   upload/ docker-tls/ screenshots/
//
// Source: https://github.com/louislam/uptime-kuma/blob/master/server/database.js
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "recipe/recipe.h"
#include "recipe/sqlite/sqlite.h"
#include "recipe/volume/settled_file.h"

namespace lifeboat {

inline constexpr const char* kuma_database_name = "kuma.db";
inline constexpr const char* kuma_config_name = "db-config.json";

enum class KumaDatabase { sqlite, embedded_mariadb, external_mariadb };

struct KumaInstance {
  std::filesystem::path folder;
  KumaDatabase database = KumaDatabase::sqlite;
  std::optional<SettledFile> config;  // db-config.json
  std::string server;                 // of an external one: "db.example.org", for people
};

// From what the service's `path` or `volume` names, or `data` in it. Throws Error(service) with a
// hint if it is no Uptime Kuma's.
KumaInstance find_kuma(const Service& service, RecipeContext& context);

// The type in a db-config.json. Throws Error(service), without a word of the content, which may
// hold a password, if it is none of the above.
KumaDatabase kuma_database_of(std::string_view config_text);

// Throws Error(service) with a hint unless Kuma's tables are there.
void require_kuma_tables(SqliteDatabase& database);

}  // namespace lifeboat
