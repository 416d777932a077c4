#include "base/format.h"
#include "base/text.h"
#include "recipe/caddy/recipe_caddy.h"
#include "recipe/command/recipe_command.h"
#include "recipe/files/recipe_files.h"
#include "recipe/grafana/recipe_grafana.h"
#include "recipe/mysql/recipe_mysql.h"
#include "recipe/n8n/recipe_n8n.h"
#include "recipe/postgres/recipe_postgres.h"
#include "recipe/recipe.h"
#include "recipe/sqlite/recipe_sqlite.h"
#include "recipe/supabase/recipe_supabase.h"
#include "recipe/traccar/recipe_traccar.h"
#include "recipe/traefik/recipe_traefik.h"
#include "recipe/uptime_kuma/recipe_uptime_kuma.h"
#include "recipe/volume/recipe_volume.h"
#include "recipe/waha/recipe_waha.h"

namespace lifeboat {

RecipeRegistry::RecipeRegistry() {
  recipes_.push_back(make_volume_recipe());
  recipes_.push_back(make_files_recipe());
  recipes_.push_back(make_command_recipe());
  recipes_.push_back(make_sqlite_recipe());
  recipes_.push_back(make_n8n_recipe());
  recipes_.push_back(make_grafana_recipe());
  recipes_.push_back(make_waha_recipe());
  recipes_.push_back(make_traefik_recipe());
  recipes_.push_back(make_caddy_recipe());
  recipes_.push_back(make_postgres_recipe());
  recipes_.push_back(make_mysql_recipe());
  recipes_.push_back(make_traccar_recipe());
  recipes_.push_back(make_uptime_kuma_recipe());
  recipes_.push_back(make_supabase_recipe());
}

const Recipe* RecipeRegistry::find(std::string_view name) const {
  for (const auto& recipe : recipes_) {
    if (recipe->info().name == name) return recipe.get();
  }
  return nullptr;
}

const Recipe& RecipeRegistry::get(std::string_view name) const {
  if (const Recipe* recipe = find(name)) return *recipe;
  Error error(ErrorKind::config, format("find recipe '{}': there is none", printable(name)));
  if (const auto near = nearest(name, names())) error.add_hint(format("Did you mean '{}'?", *near));
  error.add_hint(format("Recipes: {}.", join(names(), ", ")));
  throw error;
}

std::vector<std::string> RecipeRegistry::names() const {
  std::vector<std::string> all;
  for (const auto& recipe : recipes_) all.push_back(recipe->info().name);
  return all;
}

}  // namespace lifeboat
