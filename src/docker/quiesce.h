// A container that stands still while it is backed up, and runs again afterwards whatever happens.
//
// The undoing is in the destructor, so that errors and Ctrl-C undo it too. Against SIGKILL and
// power cuts a note is written before the container is touched: the next run finds it and undoes
// what is left. https://docs.docker.com/reference/api/engine/
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/random.h"
#include "docker/docker.h"

namespace lifeboat {

enum class QuiesceMode { stop, pause };

// Does nothing to a container that does not run, or is paused already.
class Quiesce {
 public:
  // `state_dir` is where notes lie, mode 0700. Throws Error(service), the container as it was.
  Quiesce(Docker& docker, const std::string& container_id, QuiesceMode mode,
          const std::filesystem::path& state_dir, Random& random, Clock& clock);
  // Undoes it; what fails three times is logged, and the note stays for the next run.
  ~Quiesce();
  Quiesce(const Quiesce&) = delete;
  Quiesce& operator=(const Quiesce&) = delete;

  // Undoes it now; throws Error(service) if that fails.
  void end();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Undoes what notes of dead runs say; returns a sentence for each container it started, and for
// each it could not. Notes of living runs are left alone. Where a run died less than a stop's grace
// ago, its container may be on its way down still: that is waited for. Throws Interrupted.
std::vector<std::string> repair_quiesced(Docker& docker, const std::filesystem::path& state_dir,
                                         Clock& clock, const StopToken& stop = {});

}  // namespace lifeboat
