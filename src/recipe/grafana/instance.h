// A Grafana on this host: its data folder, and the key that its secrets are encrypted with. Private
// to the recipe.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "recipe/recipe.h"

namespace lifeboat {

inline constexpr const char* grafana_database_name = "grafana.db";
inline constexpr const char* grafana_ini_name = "grafana.ini";
inline constexpr const char* grafana_key_name = "secret_key";

// Whether the service names a folder at all: with `url` alone it is the export that is kept.
bool has_grafana_folder(const Service& service);
// The folder with grafana.db. Throws Error(service) with a hint, also for a Grafana that keeps its
// data in a server's database.
std::filesystem::path find_grafana_folder(const Service& service, RecipeContext& context);
// The folders below plugins/, sorted.
std::vector<std::string> grafana_plugins(const std::filesystem::path& folder);

// `secret_key` of the section [security]; nothing if it is not set there.
std::optional<std::string> secret_key_of_ini(std::string_view text);

struct GrafanaKey {
  Secret key;
  std::string ini;      // the configuration file's text; empty: there is none at hand
  std::string warning;  // empty: nothing
};
// From the option `secret_key`, else the configuration file (`ini`, else grafana.ini in the
// folder), else GF_SECURITY_SECRET_KEY of the container, else Grafana's default with a warning.
GrafanaKey find_grafana_key(const Service& service, const std::filesystem::path& folder,
                            RecipeContext& context);

}  // namespace lifeboat
