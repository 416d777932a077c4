#include "recipe/uptime_kuma/instance.h"

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/volume/locate.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

bool is_kumas(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / kuma_database_name, ignored) ||
         fs::is_regular_file(folder / kuma_config_name, ignored);
}

fs::path find_folder(const Service& service, RecipeContext& context) {
  const fs::path folder = locate_folder(service, context);
  for (const fs::path& one : {folder, folder / "data"}) {
    if (is_kumas(one)) return one;
  }
  throw Error(ErrorKind::service,
              format("find Uptime Kuma's data in '{}': there is neither {} nor {}",
                     printable(folder.native()), kuma_database_name, kuma_config_name))
      .hint("Give the folder or volume that Uptime Kuma's container has at /app/data.");
}

// Its member of that name, if it is text.
std::string text_of(const Json& config, const char* name) {
  const auto found = config.find(name);
  return found != config.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

KumaDatabase kuma_database_of(std::string_view config_text) {
  const Json config = Json::parse(config_text, nullptr, /*allow_exceptions=*/false);
  const std::string type = config.is_object() ? text_of(config, "type") : "";
  if (type == "sqlite") return KumaDatabase::sqlite;
  if (type == "embedded-mariadb") return KumaDatabase::embedded_mariadb;
  if (type == "mariadb") return KumaDatabase::external_mariadb;
  throw Error(ErrorKind::service,
              format("read Uptime Kuma's {}: its 'type' is none that is known", kuma_config_name))
      .hint("Known are sqlite, embedded-mariadb and mariadb.");
}

KumaInstance find_kuma(const Service& service, RecipeContext& context) {
  KumaInstance made;
  made.folder = find_folder(service, context);
  std::error_code ignored;
  if (!fs::exists(made.folder / kuma_config_name, ignored)) return made;
  made.config = read_until_valid(made.folder, kuma_config_name, check_json_object, context.stop);
  made.database = kuma_database_of(made.config->text);
  if (made.database == KumaDatabase::external_mariadb) {
    made.server = text_of(Json::parse(made.config->text), "hostname");
  }
  return made;
}

void require_kuma_tables(SqliteDatabase& database) {
  for (const char* table : {"monitor", "notification", "user", "heartbeat", "setting"}) {
    if (database.has_table(table)) continue;
    throw Error(ErrorKind::service, format("read Uptime Kuma's database '{}': there is no table "
                                           "'{}'",
                                           database.name(), table))
        .hint("Check that this is Uptime Kuma's kuma.db, and that it was started once.");
  }
}

}  // namespace lifeboat
