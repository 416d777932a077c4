#include "recipe/grafana/instance.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/files.h"
#include "io/folder.h"
#include "io/no_links.h"
#include "recipe/container.h"
#include "recipe/grafana/secrets.h"
#include "recipe/volume/locate.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t ini_bytes_max = 4 << 20;
constexpr const char* key_variable = "GF_SECURITY_SECRET_KEY";

// The quotes that go-ini takes off.
std::string_view unquote(std::string_view value) {
  for (const std::string_view quote : {"\"\"\"", "\"", "'", "`"}) {
    if (value.size() >= 2 * quote.size() && value.starts_with(quote) && value.ends_with(quote)) {
      return value.substr(quote.size(), value.size() - 2 * quote.size());
    }
  }
  return value;
}

std::shared_ptr<const Secret> key_of_container(const Service& service, RecipeContext& context,
                                               std::string& warning) {
  try {
    const auto details = find_container(service, context);
    if (!details) return nullptr;
    Docker docker(context.docker_options(), context.clock);
    return docker_secret(docker, *details, key_variable);
  } catch (const Error& error) {  // the database is worth keeping without it
    warning = format("The container could not be asked for {}: {}.", key_variable, error.what());
    return nullptr;
  }
}

}  // namespace

bool has_grafana_folder(const Service& service) {
  return service.settings.has("path") || service.settings.has("volume");
}

fs::path find_grafana_folder(const Service& service, RecipeContext& context) {
  const fs::path folder = locate_folder(service, context);
  std::error_code ignored;
  for (const fs::path& candidate : {folder, folder / "data"}) {
    if (fs::is_regular_file(candidate / grafana_database_name, ignored)) return candidate;
  }
  throw Error(ErrorKind::service, format("find Grafana's database in '{}': there is no {}",
                                         folder.native(), grafana_database_name))
      .hint("Give the folder or volume that Grafana's container has at /var/lib/grafana.")
      .hint(
          "Is its database a MySQL or PostgreSQL server (GF_DATABASE_TYPE)? Then protect that "
          "with a service of its own, and leave 'path' and 'volume' out here.");
}

std::vector<std::string> grafana_plugins(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code ignored;
  for (const fs::path& entry : list_folder(folder / "plugins", ErrorKind::service)) {
    if (fs::is_directory(entry, ignored)) names.push_back(printable(entry.filename().native()));
  }
  return names;
}

std::optional<std::string> secret_key_of_ini(std::string_view text) {
  std::string section;
  for (const std::string& raw : split(text, '\n')) {
    const std::string_view line = trim(raw);
    if (line.empty() || line.front() == ';' || line.front() == '#') continue;
    if (line.front() == '[' && line.back() == ']') {
      section = trim(line.substr(1, line.size() - 2));
      continue;
    }
    const size_t equals = line.find('=');
    if (section != "security" || equals == std::string_view::npos) continue;
    if (trim(line.substr(0, equals)) != grafana_key_name) continue;
    const std::string_view value = unquote(trim(line.substr(equals + 1)));
    if (!value.empty()) return std::string(value);
  }
  return std::nullopt;
}

GrafanaKey find_grafana_key(const Service& service, const fs::path& folder,
                            RecipeContext& context) {
  GrafanaKey made;
  const std::string named = service.settings.text("ini");
  const fs::path file = named.empty() ? folder / grafana_ini_name : trusted_path(named);
  std::error_code ignored;
  if (!named.empty() || fs::exists(file, ignored))
    made.ini = read_file_without_links(file, ini_bytes_max);
  const auto setting = service.settings.secret("secret_key");
  if (setting && !setting->empty()) {
    made.key = setting->clone();
    return made;
  }
  if (const auto written = secret_key_of_ini(made.ini)) {
    if (!written->starts_with("$__") && !written->starts_with("${")) {
      made.key = Secret(*written);
      return made;
    }
    made.warning = format("'{}' takes secret_key from elsewhere.", file.native());
  }
  if (const auto given = key_of_container(service, context, made.warning)) {
    made.key = given->clone();
    made.warning.clear();
    return made;
  }
  made.key = Secret(grafana_default_key);
  made.warning += format(
      "{}No secret_key was found, so Grafana's default is taken, which everybody knows. Set "
      "'secret_key' to what Grafana has in GF_SECURITY_SECRET_KEY or in its configuration.",
      made.warning.empty() ? "" : " ");
  return made;
}

}  // namespace lifeboat
