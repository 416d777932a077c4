#include "engine/replace.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "engine/hooks.h"
#include "engine/repair.h"
#include "engine/scratch.h"
#include "engine/sides.h"
#include "snapshot/catalog.h"
#include "snapshot/run_lock.h"

namespace lifeboat {
namespace {

// The service as the snapshot has it; refuses what could never replace anything.
ManifestService find_service(const Manifest& manifest, const ReplaceRequest& request) {
  const Service& service = request.service.service;
  const auto found =
      std::find_if(manifest.services.begin(), manifest.services.end(),
                   [&](const ManifestService& one) { return one.name == service.name; });
  if (found == manifest.services.end()) {
    throw Error(ErrorKind::usage, format("snapshot {} has no service '{}'", request.id.text(),
                                         printable(service.name)))
        .hint(format("See what it has: lifeboat ls {}", request.id.text()));
  }
  if (!found->ok) {
    throw Error(ErrorKind::verification,
                format("service '{}' failed when this snapshot was made: {}", service.name,
                       printable(found->error)))
        .hint("Take it from an older snapshot; see 'lifeboat list'.");
  }
  if (found->recipe != service.recipe) {
    throw Error(ErrorKind::usage,
                format("the snapshot has '{}' by the recipe '{}', the configuration by '{}'",
                       service.name, printable(found->recipe), service.recipe))
        .hint("Restore it to a folder with --to, and follow RESTORE.md from there.");
  }
  return *found;
}

std::vector<ProbeResult> require_probes(const Recipe& recipe, const RestoredService& restored,
                                        Environment& environment) {
  environment.progress.begin(format("probe {}", restored.name), 0);
  RecipeContext context = environment.recipe_context();
  std::vector<ProbeResult> probes = recipe.probe(restored, context);
  if (probes.empty()) throw Bug("a recipe without probes proves nothing");
  std::vector<std::string> failed;
  for (const ProbeResult& probe : probes) {
    if (probe.passed) continue;
    failed.push_back(format("{} (expected {}, found {})", probe.name, printable(probe.expected),
                            printable(probe.found)));
  }
  if (failed.empty()) return probes;
  throw Error(ErrorKind::verification,
              format("probe what was restored: {}; nothing live was touched", join(failed, "; ")))
      .hint("Take it from another snapshot; 'lifeboat drill' shows which one proves itself.");
}

// A live service that cannot be read may be the very reason for the restore: told, not thrown.
DiffedService compare_with_live(const ReplaceRequest& request, const Recipe& recipe,
                                const RestoredService& restored, const Scratch& scratch,
                                Environment& environment) {
  DiffedService diff;
  try {
    std::vector<std::string> warnings;
    const RestoredService live =
        read_live(request.service, scratch.path() / "live", environment, warnings);
    RecipeContext context = environment.recipe_context();
    diff = compare_states(recipe, live, restored, context);
    diff.warnings = std::move(warnings);
  } catch (const Error& error) {
    diff.state = DiffState::failed;
    diff.failure = redact(error.what());
    for (const std::string& hint : error.hints()) diff.hints.push_back(redact(hint));
  }
  diff.name = restored.name;
  diff.recipe = request.service.service.recipe;
  return diff;
}

ReplaceReport run_replacement(const ReplaceRequest& request, const Recipe& recipe,
                              const RestoredService& restored, Environment& environment,
                              std::vector<std::string>& warnings) {
  environment.progress.begin(format("replace {}", restored.name), 0);
  RecipeContext context = environment.recipe_context();
  HookScope hooks(request.service.hooks, environment);
  hooks.begin();
  ReplaceReport report = recipe.replace(request.service.service, restored, context);
  warnings = hooks.end();
  return report;
}

}  // namespace

ReplaceResult replace_service(const ReplaceRequest& request, Environment& environment) {
  const Service& service = request.service.service;
  const auto frame = format("replace service '{}' by {}", service.name, request.id.text());
  return with_context(frame, [&] {
    const auto begin = environment.clock.steady_now();
    const RunLock lock(request.lock_dir, request.host);
    repair_stopped(environment);
    const Manifest manifest = load_manifest(environment.store, request.id, environment.trust);
    const ManifestService found = find_service(manifest, request);
    const Recipe& recipe = environment.recipes.get(found.recipe);
    const Scratch scratch(request.scratch_dir, replace_scratch_prefix, environment.random);
    const SnapshotSide side(request.id, {service.name}, scratch.path() / "restored",
                            request.identities, environment);
    const RestoredService restored = side.restored(service.name);

    ReplaceResult result;
    result.probes = require_probes(recipe, restored, environment);
    result.diff = compare_with_live(request, recipe, restored, scratch, environment);
    environment.stop.throw_if_stopped();
    if (request.before_replace) request.before_replace(result.diff);
    result.report = run_replacement(request, recipe, restored, environment, result.warnings);
    result.duration = environment.clock.steady_now() - begin;
    return result;
  });
}

}  // namespace lifeboat
