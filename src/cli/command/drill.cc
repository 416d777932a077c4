#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/asked_snapshot.h"
#include "cli/command.h"
#include "cli/render.h"
#include "cli/watched_run.h"
#include "config/config.h"
#include "engine/drill.h"
#include "snapshot/catalog.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::string snapshot;
  std::string which;
  std::string engine;
  std::string scratch;
  std::string scratch_size_max;
  bool sabotage = false;
  bool no_evidence = false;
  bool no_notify = false;
};

// The configuration's, if this drill is of its store.
const DrillConfig* drill_config(CommandContext& context) {
  if (!context.options.store.empty() || !context.config().drill) return nullptr;
  return &*context.config().drill;
}

// The snapshot asked for, else the choice asked for, else the configuration's, else the newest.
SnapshotId chosen_snapshot(const Options& options, CommandContext& context,
                           Environment& environment) {
  const std::string host = context.default_host();
  if (!options.snapshot.empty()) {
    return asked_snapshot(environment, options.snapshot, host);
  }
  const DrillConfig* config = drill_config(context);
  std::string which = options.which;
  if (which.empty()) which = config != nullptr ? config->which : "latest";
  if (which == "random") {
    return random_snapshot(environment.store, host, environment.trust, environment.random);
  }
  if (which == "oldest-monthly") return oldest_monthly(environment.store, host);
  return asked_snapshot(environment, which, host);
}

DrillEngine chosen_engine(const Options& options, CommandContext& context) {
  const DrillConfig* config = drill_config(context);
  std::string engine = options.engine;
  if (engine.empty()) engine = config != nullptr ? config->engine : "none";
  const auto parsed = parse_drill_engine(engine);
  ensure(parsed.has_value(), "the engine's name was checked");
  return *parsed;
}

uint64_t scratch_limit(const Options& options) {
  if (options.scratch_size_max.empty()) return UINT64_MAX;
  if (const auto bytes = parse_bytes(options.scratch_size_max)) return *bytes;
  throw Error(ErrorKind::usage, format("'{}' is not a size", printable(options.scratch_size_max)))
      .hint("Write it as 500 MiB or 20 GB.");
}

// Whose snapshot it is, for the messages; why it cannot be read, the drill itself tells.
void name_snapshot(const SnapshotId& id, Environment& environment, WatchedRun& run) {
  run.set_snapshot(id.host, "");
  try {
    run.set_snapshot(id.host, load_manifest(environment.store, id, environment.trust).job);
  } catch (const Error& error) {
    log_debug("{}", error.what());
  }
}

int sabotage(const DrillRequest& request, Environment& environment, CommandContext& context,
             WatchedRun& run) {
  const auto outcomes = run_sabotage(request, environment);
  run.account(sabotage_account(run.frame(), outcomes));
  context.talk().status("");
  if (context.options.json) {
    context.out().json(sabotage_to_json(request.id, outcomes));
  } else {
    context.out().text(render_sabotage(outcomes, context.style()));
  }
  const bool all_caught =
      !outcomes.empty() && std::all_of(outcomes.begin(), outcomes.end(),
                                       [](const SabotageOutcome& one) { return one.caught; });
  return all_caught ? exit_ok : exit_code(ErrorKind::verification);
}

int drill(const Options& options, CommandContext& context, WatchedRun& run) {
  DrillRequest request;
  request.identities = context.required_identities();
  Environment environment = context.environment(run.progress());
  request.id = chosen_snapshot(options, context, environment);
  name_snapshot(request.id, environment, run);
  request.engine = chosen_engine(options, context);
  request.scratch_dir = context.scratch_dir(options.scratch);
  request.scratch_bytes_max = scratch_limit(options);
  request.keep_evidence = !options.no_evidence;
  if (options.sabotage) return sabotage(request, environment, context, run);

  const DrillResult result = run_drill(request, environment);
  run.account(drill_account(run.frame(), result));
  context.talk().status("");
  for (const std::string& warning : result.warnings) context.talk().warn(warning);
  if (context.options.json) {
    context.out().json(drill_to_json(result));
  } else {
    context.out().text(render_drill(result, context.style()));
  }
  switch (result.verdict) {
    case DrillVerdict::ok:
      return exit_ok;
    case DrillVerdict::partial:
      return exit_code(ErrorKind::partial);
    case DrillVerdict::failed:
      return exit_code(ErrorKind::verification);
  }
  throw Bug("unknown verdict");
}

}  // namespace

void add_drill(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, context,
                  {"drill",
                   "restore into scratch and let every service prove itself",
                   group_snapshots,
                   {"lifeboat drill", "lifeboat drill --engine docker --which random",
                    "lifeboat drill 2026-05-07 --scratch /mnt/big", "lifeboat drill --sabotage",
                    "lifeboat drill --store dir:/mnt/usb/backups --identity key.txt"}});
  CLI::Option* const snapshot =
      command.add_option("SNAPSHOT", options->snapshot, snapshot_forms_default);
  command.add_option("--which", options->which, "latest, random or oldest-monthly")
      ->option_text("WHICH")
      ->check(CLI::IsMember({"latest", "random", "oldest-monthly"}))
      ->excludes(snapshot);
  CLI::Option* const engine =
      command
          .add_option("--engine", options->engine,
                      "start the services too, away from everything: none, host or docker")
          ->option_text("ENGINE")
          ->check(CLI::IsMember({"none", "host", "docker"}));
  command
      .add_flag("--sabotage", options->sabotage,
                "damage copies in every known way; the drill must notice each")
      ->excludes(engine);
  command.add_option("--scratch", options->scratch, "where to restore to; always cleaned up")
      ->option_text("DIR");
  command
      .add_option("--scratch-max", options->scratch_size_max,
                  "give up beyond this much restored data, such as 20 GiB")
      ->option_text("SIZE");
  command.add_flag("--no-evidence", options->no_evidence, "write nothing to the store");
  add_store_options(command, context);
  add_identity_options(command, context);
  add_no_notify_option(command, options->no_notify);
  set_action(command, context, [options, &context] {
    return run_watched(context,
                       {.activity = "drill",
                        .is_watched = context.is_at_home(),
                        .silent = options->no_notify,
                        .tells_success = !options->sabotage},
                       [&](WatchedRun& run) { return drill(*options, context, run); });
  });
}

}  // namespace lifeboat::cli
