// Where a service's files lie on this host.
#pragma once

#include <filesystem>
#include <vector>

#include "base/settings.h"
#include "recipe/recipe.h"

namespace lifeboat {

// The options `path` and `volume`, for the recipes that call locate_folder().
std::vector<OptionSpec> locate_options();

// The folder that a service names by `path` (absolute) or `volume` (a Docker volume). Where a
// volume lies is asked of the engine, since its data may be anywhere. Where no engine answers, or
// if LIFEBOAT_DOCKER_VOLUMES is set, it is `<root>/NAME/_data`, below that or
// /var/lib/docker/volumes. Throws Error(service) unless it is a folder that can be listed.
std::filesystem::path locate_folder(const Service& service, RecipeContext& context);

}  // namespace lifeboat
