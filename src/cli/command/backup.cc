#include <filesystem>
#include <memory>
#include <string>
#include <variant>

#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/discovery.h"
#include "cli/render.h"
#include "cli/watched_run.h"
#include "config/config.h"
#include "engine/backup.h"
#include "store/dir_store.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::string job;
  bool no_cache = false;
  bool no_notify = false;
};

// A store folder that is missing is a new store far more often than an unplugged disk; it is made,
// and said aloud for the other case.
void make_store_folder(const Config& config, CommandContext& context) {
  const auto* folder = std::get_if<DirStoreConfig>(&config.store);
  if (folder == nullptr || std::filesystem::exists(folder->path)) return;
  DirStore::make(folder->path, context.random());
  context.talk().warn(
      format("the store folder '{}' was missing and has been made; if a disk "
             "should be mounted there, mount it and move what is in it",
             folder->path.native()));
}

void tell_warnings(const Config& config, CommandContext& context) {
  for (const ConfigFinding& warning : config.warnings) {
    context.talk().warn(format("{}: {}", warning.location.text(), printable(warning.message)));
  }
}

void tell_failures(const Manifest& manifest, CommandContext& context) {
  for (const ManifestService& service : manifest.services) {
    if (service.ok) continue;
    context.talk().line(format("lifeboat: service '{}' is not in the snapshot: {}",
                               printable(service.name), printable(service.error)));
    for (const std::string& hint : service.hints) {
      context.talk().line(format("hint: {}", printable(hint)));
    }
  }
}

int backup(const Options& options, CommandContext& context, WatchedRun& run) {
  const Config& config = context.config();
  tell_warnings(config, context);
  BackupRequest request = job_request_of(config.job(options.job), context);
  if (options.no_cache) request.cache_bytes_max = 0;
  request.signing_key = context.signing_key();
  request.started = run.frame().started;
  make_store_folder(config, context);
  Environment environment = context.environment(run.progress());
  BackupResult result = run_backup(request, environment);
  run.progress().begin("look for what is not covered", 0);
  for (std::string& warning : uncovered_warnings(context)) {
    result.warnings.push_back(std::move(warning));
  }
  run.account(backup_account(run.frame(), result));
  context.talk().status("");
  if (context.options.json) {
    context.out().json(backup_to_json(result));
  } else {
    context.out().text(render_backup(result, environment.store.name(), context.style()));
  }
  context.out().flush();
  tell_failures(result.manifest, context);
  for (const std::string& warning : result.warnings) context.talk().warn(warning);
  return result.manifest.is_partial() ? exit_code(ErrorKind::partial) : exit_ok;
}

}  // namespace

void add_backup(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, context,
                  {"backup",
                   "back up the services of a job into a new snapshot",
                   group_snapshots,
                   {"lifeboat backup", "lifeboat backup nightly", "lifeboat backup --no-cache",
                    "lifeboat backup --config ./lifeboat.yaml --json"}});
  command.add_option("JOB", options->job, "the job (may be left out if there is only one)");
  add_config_option(command, context);
  command.add_flag("--no-cache", options->no_cache,
                   "compress everything, and leave the frame cache alone");
  add_no_notify_option(command, options->no_notify);
  set_action(command, context, [options, &context] {
    return run_watched(context,
                       {.activity = "backup", .job = options->job, .silent = options->no_notify},
                       [&](WatchedRun& run) { return backup(*options, context, run); });
  });
}

}  // namespace lifeboat::cli
