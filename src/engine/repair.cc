#include "engine/repair.h"

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "docker/quiesce.h"
#include "recipe/volume/replace_note.h"

namespace lifeboat {

void repair_stopped(Environment& environment) {
  // Before any container starts on its files.
  for (const std::string& told : undo_killed_replacements(environment.state_dir)) {
    environment.progress.note(redact(told));
  }
  const DockerOptions options = environment.recipe_context().docker_options();
  if (environment.state_dir.empty() || !Docker::is_present(options)) return;
  Docker docker(options, environment.clock);
  for (const std::string& told :
       repair_quiesced(docker, environment.state_dir, environment.clock, environment.stop)) {
    environment.progress.note(redact(told));
  }
}

}  // namespace lifeboat
