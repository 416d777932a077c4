// The last configuration that was good, kept without its secrets, so that a broken one can still be
// told to somebody.
#pragma once

#include "cli/context.h"
#include "config/salvage.h"

namespace lifeboat::cli {

// `<state_dir>/last-good.yaml`, mode 0600. Throws Error(config). The configuration must be good.
void keep_last_good(CommandContext& context);

// Who is to be told of a configuration that cannot be loaded. Never throws an Error.
Reporting salvage(CommandContext& context);

}  // namespace lifeboat::cli
