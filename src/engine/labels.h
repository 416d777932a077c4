// Services that containers ask for by their labels, where the configuration says that it listens:
//
//   lifeboat.enable=true        this container is to be protected
//   lifeboat.recipe=n8n         by this recipe; without it the image decides, else `volume`
//   lifeboat.stop=stop          any option of the recipe
//   lifeboat.api_key_env=NAME   a secret: from lifeboat's own environment, as anyone who may use
//                               the engine can read labels
//
// A label that makes no sense becomes a service with a fault: it fails in the run by its name, and
// is told by `check`. Silence would be a container that somebody believes to be protected.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "docker/docker.h"
#include "engine/backup.h"
#include "recipe/recipe.h"

namespace lifeboat {

inline constexpr const char* enable_label = "lifeboat.enable";

struct LabelRequest {
  const RecipeRegistry& recipes;
  std::function<std::optional<std::string>(const std::string& name)> environment;
  std::set<std::string> names_taken;  // by configured services
};

// The services of one container, faults included; none unless it carries lifeboat.enable.
std::vector<BackupService> services_of_labels(const DockerContainer& container,
                                              LabelRequest& request);

// Those of all containers, by name. An engine that cannot be asked is a service with a fault, too.
std::vector<BackupService> labelled_services(const DockerOptions& options, Clock& clock,
                                             LabelRequest& request);

}  // namespace lifeboat
