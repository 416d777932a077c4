#include "engine/hooks.h"

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "process/process.h"

namespace lifeboat {

void run_hooks(const std::vector<std::vector<std::string>>& commands, std::string_view when,
               const Environment& environment) {
  for (const auto& argv : commands) {
    with_context(format("run hook '{}'", when), [&] {
      run_command({.argv = argv, .environment = {}, .input = {}, .stop = environment.stop},
                  environment.clock);
    });
  }
}

std::vector<std::string> run_error_hooks(const Hooks& hooks, const Environment& environment) {
  try {
    run_hooks(hooks.on_error, "on_error", environment);
    return {};
  } catch (const Error& error) {
    return {redact(error.what())};
  }
}

}  // namespace lifeboat
