// The container that a service runs in, for recipes: found by name or by what it mounts, told of in
// the facts, and kept still while it is read.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "docker/docker.h"
#include "recipe/recipe.h"

namespace lifeboat {

// The option `container`, for recipes that call find_container().
OptionSpec container_option();
// The option `stop`: "stop", "pause" or "no", for recipes that call keep_still().
OptionSpec stop_option();

// The container that `container` names, else the only one that mounts the service's `volume`, else
// the only one that mounts `path`, or to write there the nearest folder above it, or something in
// it. Nothing if there is no engine or no such container, unless `container` was given: that is an
// Error(service).
std::optional<DockerDetails> find_container(const Service& service, RecipeContext& context);

// Whether the option `stop` asks for stillness. Throws Error(service) for a word it does not know.
bool wants_stillness(const Service& service);
// What is wrong with `container` and `stop`; nothing if all is well or neither is set.
std::vector<Finding> check_container(const Service& service, RecipeContext& context);

// For Facts.details["container"]: {"name", "image", "image_id", "repo_digests"}; what prove()
// starts again.
Json container_details(const DockerDetails& details);

// A container that stands still, or nothing. Its destruction lets it run again on every path.
class StillContainer {
 public:
  virtual ~StillContainer() = default;
  // Lets it run again now; throws Error(service) if that fails.
  virtual void end() = 0;
};
// As the option `stop` asks; null for "no". Throws Error(service) for another word, or if nothing
// is found to be stopped.
std::unique_ptr<StillContainer> keep_still(const Service& service, RecipeContext& context);
// The same whatever the option says: for replace(). Null if the service has no container.
std::unique_ptr<StillContainer> keep_stopped(const Service& service, RecipeContext& context);

// `plan` with its container told in the facts, and kept still from the first call of next() to the
// last member, on failures until the plan's end. A container that cannot be started again is a
// warning: the members are whole, and its note makes the next run try again. Throws Error(service)
// as find_container() does, but leaves a container out that nobody asked for and that cannot be
// told.
std::unique_ptr<ServicePlan> with_container(std::unique_ptr<ServicePlan> plan,
                                            const Service& service, RecipeContext& context);

}  // namespace lifeboat
