// The recipe `files`: single files and folders from anywhere, each below its own path. For what
// makes a host that host: /etc/caddy, /root/docker-compose.yml, /etc/cron.d.
#pragma once

#include <memory>

#include "recipe/recipe.h"

namespace lifeboat {

std::unique_ptr<Recipe> make_files_recipe();

}  // namespace lifeboat
