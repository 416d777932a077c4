// Commands that the configuration puts around a job or a service.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/backup.h"

namespace lifeboat {

// Runs the commands one after another; the first that fails throws Error(service) naming `when`.
void run_hooks(const std::vector<std::vector<std::string>>& commands, std::string_view when,
               const Environment& environment);

// Runs `on_error` hooks; their failures come back as sentences, since there is a worse one to tell.
std::vector<std::string> run_error_hooks(const Hooks& hooks, const Environment& environment);

}  // namespace lifeboat
