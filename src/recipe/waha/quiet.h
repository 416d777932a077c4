// WAHA's sessions at rest while their files are read, and at work again afterwards.
//
//   api        every WORKING session is stopped by the server, which runs on
//   container  the container is stopped; which sessions were WORKING is asked before it, if there
//   is
//              a `url`, since not every WAHA starts them again by itself
//
// A stopped session is remembered as stopped and does not come back at a restart. So those that
// were stopped are written to a note first: the destructor starts exactly them again, and after
// SIGKILL the next run does, which can tell by the note's lock that its writer is dead.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "recipe/recipe.h"

namespace lifeboat {

// The option `quiesce`.
OptionSpec waha_quiesce_option();
enum class WahaQuiesce { none, api, container };
// Throws Error(service) for a word it does not know, and for `api` without `url`.
WahaQuiesce waha_quiesce(const Service& service);

class WahaQuiet {
 public:
  // Stops as `how` says, not `none`. Throws Error(service), the sessions at work as they were.
  WahaQuiet(const Service& service, RecipeContext& context, WahaQuiesce how);
  // Starts again; what fails is logged, and the note stays for the next run.
  ~WahaQuiet();
  WahaQuiet(const WahaQuiet&) = delete;
  WahaQuiet& operator=(const WahaQuiet&) = delete;

  // Starts again now; throws Error(service) if that fails.
  void end();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Starts the sessions of `service` that dead runs had stopped; a sentence for each note.
std::vector<std::string> repair_waha(const Service& service, RecipeContext& context);

}  // namespace lifeboat
