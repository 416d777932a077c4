#include "engine/repair.h"

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "docker/quiesce.h"

namespace lifeboat {

void repair_stopped(Environment& environment) {
  const DockerOptions options = environment.recipe_context().docker_options();
  if (environment.state_dir.empty() || !Docker::is_present(options)) return;
  Docker docker(options, environment.clock);
  for (const std::string& told :
       repair_quiesced(docker, environment.state_dir, environment.clock, environment.stop)) {
    environment.progress.note(redact(told));
  }
}

}  // namespace lifeboat
