// The image that a service ran from at backup time, for a drill that starts it again.
#pragma once

#include <string>

#include "base/json.h"
#include "docker/scratch_containers.h"

namespace lifeboat {

enum class ImageMatch {
  exact,        // never by its name alone, which may stand for another version by now
  by_name_too,  // for data that any version near it reads
};

// Its id on the drill's engine, by what `container` (container_details()) tells: the image's own
// id, else the digest that a registry knows it by. Empty if it is not there; `why_not` tells, and
// how to get it.
std::string recorded_image(const Json& container, ImageMatch match, ScratchContainers& containers,
                           std::string& why_not);

}  // namespace lifeboat
