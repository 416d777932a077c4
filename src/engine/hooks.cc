#include "engine/hooks.h"

#include <string_view>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "process/process.h"

namespace lifeboat {
namespace {

void run_hooks(const std::vector<std::vector<std::string>>& commands, std::string_view when,
               const Clock& clock, const StopToken& stop) {
  for (const auto& argv : commands) {
    with_context(format("run hook '{}'", when), [&] {
      run_command({.argv = argv, .environment = {}, .input = {}, .stop = stop}, clock);
    });
  }
}

// Hooks that clean up are not stopped by what stopped the run.
std::vector<std::string> run_to_the_end(const std::vector<std::vector<std::string>>& commands,
                                        std::string_view when, const Environment& environment) {
  try {
    run_hooks(commands, when, environment.clock, StopToken());
    return {};
  } catch (const Error& error) {
    return {redact(error.what())};
  }
}

}  // namespace

HookScope::~HookScope() {
  try {
    for (const std::string& failure : end()) log_warning("{}", failure);
  } catch (const std::exception& error) {
    log_line(LogLevel::error, error.what());
  }
}

void HookScope::begin() {
  if (!hooks_.before.empty()) environment_.progress.begin("run hook 'before'", 0);
  run_hooks(hooks_.before, "before", environment_.clock, environment_.stop);
  is_open_ = true;
}

std::vector<std::string> HookScope::end() {
  if (!is_open_) return {};
  is_open_ = false;
  if (!hooks_.after.empty()) environment_.progress.begin("run hook 'after'", 0);
  return run_to_the_end(hooks_.after, "after", environment_);
}

std::vector<std::string> run_error_hooks(const Hooks& hooks, const Environment& environment) {
  return run_to_the_end(hooks.on_error, "on_error", environment);
}

}  // namespace lifeboat
