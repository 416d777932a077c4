// What `check` looks at of notifiers, metrics and what the host remembers. Sends nothing.
#pragma once

#include <vector>

#include "cli/context.h"
#include "cli/render.h"

namespace lifeboat::cli {

// The configuration must be good. Throws Error(config) if what the host remembers cannot be read.
std::vector<CheckFinding> check_telling(CommandContext& context);

}  // namespace lifeboat::cli
