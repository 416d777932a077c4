// The world as the engine's flows see it: everything with an outside effect comes in here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "base/clock.h"
#include "base/random.h"
#include "base/stop.h"
#include "recipe/recipe.h"
#include "snapshot/layout.h"
#include "snapshot/trust.h"
#include "store/store.h"

namespace lifeboat {

// Told what is going on, on the calling thread. The default hears nothing.
class Progress {
 public:
  virtual ~Progress() = default;
  // A member, or a phase such as "verify vps-h1/2026-05-07"; 0 bytes: not known.
  virtual void begin(std::string_view what, uint64_t bytes_expected) {
    (void)what;
    (void)bytes_expected;
  }
  virtual void advance(uint64_t bytes) { (void)bytes; }
  // From now on there is this snapshot, whatever becomes of the run.
  virtual void committed(const SnapshotId& id) { (void)id; }
  // A line worth keeping in a log: a service finished, a warning.
  virtual void note(std::string_view line) { (void)line; }
};

// All that is referred to must outlive the flow.
struct Environment {
  Store& store;
  const RecipeRegistry& recipes;
  Clock& clock;
  Random& random;
  StopToken stop;
  Progress& progress;
  std::filesystem::path spool_dir;       // encrypted, unlinked spool files
  Trust trust = {};                      // whoever reads a snapshot refuses what it does not cover
  std::filesystem::path state_dir = {};  // notes of stopped containers
  std::filesystem::path docker_socket = {};  // empty: where it usually is

  RecipeContext recipe_context() {
    return {clock, random, stop, spool_dir, state_dir, docker_socket};
  }
};

}  // namespace lifeboat
