// Old snapshots go from a folder, by the rule that a bucket's lifecycle keeps by itself.

#include <filesystem>
#include <memory>

#include "base/exit_code.h"
#include "cli/command.h"
#include "cli/job_request.h"
#include "cli/render.h"
#include "cli/watched_run.h"
#include "engine/prune.h"

namespace lifeboat::cli {
namespace {

struct Options {
  bool dry_run = false;
  bool no_notify = false;
};

// A store that was named is pruned by the configuration too if there is one: a person who keeps 90
// days must not lose 60 of them for having typed the folder.
bool has_config(const CommandContext& context) {
  return context.options.store.empty() || !context.options.config_path.empty() ||
         std::filesystem::exists(context.config_path());
}

int prune(const Options& options, CommandContext& context, WatchedRun& run) {
  PruneRequest request;
  request.dry_run = options.dry_run;
  request.host = context.default_host();
  if (!request.host.empty()) check_host(request.host);
  if (has_config(context)) {
    request.retention = retention_of(context.config().retention);
    request.lock_dir = context.config().state_dir;
  }
  Environment environment = context.environment(run.progress());
  const PrunePlan plan = run_prune(request, environment);
  context.talk().status("");
  if (context.options.json) {
    context.out().json(prune_to_json(plan, options.dry_run));
  } else {
    context.out().text(render_prune(plan, options.dry_run, context.style()));
  }
  return exit_ok;
}

}  // namespace

void add_prune(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, context,
                  {"prune",
                   "remove old snapshots from a folder, by the configured retention",
                   group_snapshots,
                   {"lifeboat prune --dry-run", "lifeboat prune",
                    "lifeboat prune --store dir:/mnt/usb/backups --host vps-h1 --json"}});
  command.add_flag("--dry-run", options->dry_run, "show what would go, and remove nothing");
  add_store_options(command, context);
  add_no_notify_option(command, options->no_notify);
  set_action(command, context, [options, &context] {
    return run_watched(context,
                       {.activity = "prune",
                        .is_watched = !options->dry_run && context.is_at_home(),
                        .silent = options->no_notify,
                        .tells_success = false},
                       [&](WatchedRun& run) { return prune(*options, context, run); });
  });
}

}  // namespace lifeboat::cli
