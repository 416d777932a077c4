#include "engine/live_drill.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "docker/scratch_containers.h"
#include "engine/drill_steps.h"
#include "engine/scratch.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

// Below it a server still has 37 bytes for the name of its socket.
constexpr size_t ground_path_max = 70;

bool has_leftovers(const fs::path& parent) {
  std::error_code ignored;
  const fs::directory_iterator entries(parent, ignored);
  return std::any_of(begin(entries), end(entries), [](const fs::directory_entry& entry) {
    return entry.path().filename().native().starts_with(drill_scratch_prefix);
  });
}

std::vector<ProbeResult> ask_started(const RestoredService& restored, const DrillRequest& request,
                                     Environment& environment, DrilledService& drilled) {
  // Of its own and not within the restored data: a server may run as another user.
  const Scratch scratch(request.scratch_dir, drill_scratch_prefix, environment.random);
  if (scratch.path().native().size() > ground_path_max) {
    throw Error(ErrorKind::limit,
                format("start services in '{}': the path is too long for a socket",
                       scratch.path().native()))
        .hint("Choose a scratch folder with a shorter path.");
  }
  RecipeContext context = environment.recipe_context();
  std::unique_ptr<ScratchContainers> containers;  // removed before the folder that they write to
  if (request.engine == DrillEngine::docker) {
    containers = std::make_unique<ScratchContainers>(context.docker_options(), environment.clock,
                                                     environment.random);
  }
  ProvingGround ground{.containers = containers.get(), .directory = scratch.path()};
  return environment.recipes.get(drilled.recipe)
      .prove(restored, ground, context, drilled.not_started);
}

}  // namespace

void sweep_live_drills(const DrillRequest& request, Environment& environment) {
  const DockerOptions options = environment.recipe_context().docker_options();
  const bool is_wanted = request.engine == DrillEngine::docker;
  // Others look only where a killed drill left a folder, so that they need no right to an engine.
  if (!is_wanted && (!has_leftovers(request.scratch_dir) || !Docker::is_present(options))) return;
  try {
    const size_t removed = sweep_drill_containers(options, environment.clock);
    if (removed == 0) return;
    environment.progress.note(format("removed {} of a drill that was killed",
                                     print_count(removed, "container", "containers")));
  } catch (const Error& error) {
    if (is_wanted) throw;
    environment.progress.note(redact(
        format("warning: containers of killed drills were not looked for: {}", error.what())));
  }
}

void start_service(const RestoredService& restored, const DrillRequest& request,
                   Environment& environment, DrilledService& drilled) {
  if (!drilled.passed()) {
    drilled.not_started = "what was restored failed its probes";
    return;
  }
  environment.progress.begin(format("start {} on what was restored", drilled.name), 0);
  std::vector<ProbeResult> answers;
  try {
    answers = ask_started(restored, request, environment, drilled);
  } catch (const Error& error) {
    if (error.kind() == ErrorKind::limit) throw;
    // A service that does not start, or does not answer, has answered.
    answers.push_back({"the service starts and answers", false, "yes", redact(error.what()),
                       error.hints().empty() ? "" : redact(error.hints().front())});
  }
  if (!answers.empty()) drilled.not_started.clear();
  ensure(!answers.empty() || !drilled.not_started.empty(),
         "a recipe that starts no service says why");
  for (ProbeResult& answer : answers) drilled.probes.push_back(std::move(answer));
}

}  // namespace lifeboat
