// The services: what each recipe finds, the engine, the programs that hooks run, and what on this
// host no service covers.
#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/check/check_run.h"
#include "cli/discovery.h"
#include "cli/job_request.h"
#include "process/process.h"

namespace lifeboat::cli {
namespace {

using Level = Finding::Level;

void check_recipe(CheckRun& run, const Service& service) {
  RecipeContext recipe_context = run.context.recipe_context();
  const Recipe& recipe = run.context.recipes().get(service.recipe);
  for (Finding& finding : recipe.check(service, recipe_context)) {
    run.add(ErrorKind::service, format("service {}", service.name), std::move(finding),
            format("services.{}", service.name));
  }
}

// Where it is needed, its absence or refusal is told once, and not by each service alone.
void check_engine(CheckRun& run) {
  const Config& config = run.config();
  const bool is_named = !config.docker.socket.empty() || config.docker.labels ||
                        (config.drill && config.drill->engine == "docker");
  const bool is_used = std::ranges::any_of(config.services, [](const ServiceConfig& service) {
    const bool has_volume =
        service.settings.has("volume") && ::getenv("LIFEBOAT_DOCKER_VOLUMES") == nullptr;
    return has_volume || service.settings.has("container");
  });
  if (!is_named && !is_used) return;
  const DockerOptions options = docker_options(run.context);
  if (!Docker::is_present(options) && !is_named) {
    run.add(ErrorKind::service, "docker",
            {Level::warning, "services name volumes or containers, and no engine's socket is here",
             "Start Docker ('systemctl start docker'), or set docker.socket to where its socket "
             "is."});
    return;
  }
  Docker docker(options, run.context.clock());
  run.add(ErrorKind::service, "docker", {Level::ok, docker.version(), ""});
}

void check_labels(CheckRun& run) {
  for (const BackupService& labelled : labelled_services_of(run.context)) {
    if (labelled.fault.empty()) {
      check_recipe(run, labelled.service);
    } else {
      run.add(ErrorKind::service, format("service {}", labelled.service.name),
              {Level::error, labelled.fault, "Correct the container's labels."});
    }
  }
}

// Volumes only: whether other places matter, a person has to say.
void check_uncovered(CheckRun& run) {
  if (!Docker::is_present(docker_options(run.context))) return;
  const Discovery found =
      discover_here(run.context, {.with_paths = false, .sizes = Measured::none});
  for (const DiscoveredPlace& place : found.places) {
    if (place.coverage != Coverage::not_covered) continue;
    run.add(ErrorKind::service, format("{} {}", place.type, place.name),
            {Level::warning, place.reason.empty() ? "NOT COVERED" : "NOT COVERED: " + place.reason,
             "'lifeboat discover' has the lines to add; or say why not in discover.skip."});
  }
}

void check_hooks(CheckRun& run, const std::string& owner, const HooksConfig& hooks) {
  const std::string key = format("{}.hooks", owner);
  for (const Commands* commands : {&hooks.before, &hooks.after, &hooks.on_error}) {
    for (const std::vector<std::string>& argv : *commands) {
      const std::string& program = argv.front();
      const bool is_relative = !program.starts_with('/') && program.find('/') != std::string::npos;
      if (!is_relative && has_program(program)) continue;
      run.add(ErrorKind::config, key,
              {Level::error,
               is_relative ? format("'{}' begins in whatever folder a run has", printable(program))
                           : format("there is no program '{}' that can be run", printable(program)),
               is_relative ? "Give its whole path."
                           : "Install it, make it executable (chmod +x), or give its whole path."},
              key);
    }
  }
}

}  // namespace

void check_services(CheckRun& run) {
  const Config& config = run.config();
  run.guarded(
      ErrorKind::service, "docker", [&] { check_engine(run); }, "docker.socket");
  for (const ServiceConfig& service : config.services) {
    run.guarded(
        ErrorKind::service, format("service {}", service.name),
        [&] { check_recipe(run, service_of(service)); }, format("services.{}", service.name));
    check_hooks(run, format("services.{}", service.name), service.hooks);
  }
  for (const JobConfig& job : config.jobs) check_hooks(run, format("jobs.{}", job.name), job.hooks);
  run.guarded(
      ErrorKind::service, "labels", [&] { check_labels(run); }, "docker.labels");
  run.guarded(ErrorKind::service, "discover", [&] { check_uncovered(run); });
}

}  // namespace lifeboat::cli
