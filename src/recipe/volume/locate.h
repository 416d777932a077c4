// Where a service's files lie on this host.
#pragma once

#include <filesystem>
#include <vector>

#include "base/settings.h"
#include "recipe/recipe.h"

namespace lifeboat {

// The options `path` and `volume`, for the recipes that call locate_folder().
std::vector<OptionSpec> locate_options();

// The folder that a service names by `path` (absolute) or `volume` (a Docker volume, which lies at
// `<root>/NAME/_data`; the root is /var/lib/docker/volumes unless LIFEBOAT_DOCKER_VOLUMES says
// otherwise). Throws Error(service) unless it is a folder that can be listed.
std::filesystem::path locate_folder(const Service& service);

}  // namespace lifeboat
