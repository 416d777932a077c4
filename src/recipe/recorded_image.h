// The image that a service ran from at backup time, for a drill that starts it again.
#pragma once

#include <string>

#include "docker/scratch_containers.h"
#include "recipe/recipe.h"

namespace lifeboat {

// Its id on the drill's engine, by what Facts.details["container"] tells: the image's own id, else
// the digest that a registry knows it by. Never by its name alone, which may stand for another
// version by now. Empty if it is not there; `why_not` tells, and how to get it.
std::string recorded_image(const Facts& facts, ScratchContainers& containers, std::string& why_not);

}  // namespace lifeboat
