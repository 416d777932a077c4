// Commands that the configuration puts around a job or a service.
#pragma once

#include <string>
#include <vector>

#include "engine/backup.h"

namespace lifeboat {

// `before` and `after` as a pair: whatever `before` stopped, `after` starts again, also when what
// lies between them failed, was interrupted or threw.
class HookScope {
 public:
  // Both must outlive it.
  HookScope(const Hooks& hooks, const Environment& environment)
      : hooks_(hooks), environment_(environment) {}
  ~HookScope();
  HookScope(const HookScope&) = delete;
  HookScope& operator=(const HookScope&) = delete;

  // Runs `before`; the first command that fails throws Error(service).
  void begin();
  // Runs `after`, once, if `begin` succeeded. A failure comes back as a sentence: the backup itself
  // is not undone by it.
  std::vector<std::string> end();

 private:
  const Hooks& hooks_;
  const Environment& environment_;
  bool is_open_ = false;
};

// Runs `on_error`; a failure comes back as a sentence, since there is a worse one to tell.
std::vector<std::string> run_error_hooks(const Hooks& hooks, const Environment& environment);

}  // namespace lifeboat
