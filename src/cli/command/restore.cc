#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/asked_snapshot.h"
#include "cli/command.h"
#include "cli/discovery.h"
#include "cli/progress_bar.h"
#include "cli/render.h"
#include "cli/render_diff.h"
#include "config/config.h"
#include "engine/replace.h"
#include "engine/restore.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::string snapshot;
  std::vector<std::string> selection;
  std::string target;
  std::string replaced;  // the service's name, typed out once more
  std::string scratch;
  bool include_failed = false;
};

constexpr size_t entries_shown_max = 20;

void tell_next_steps(const RestoreRequest& request, CommandContext& context) {
  if (request.selection.empty()) {
    context.talk().say(format("next: read {}, which says how to put each service back",
                              printable((request.target / "RESTORE.md").native())));
  } else {
    context.talk().say(format(
        "next: 'lifeboat cat {} RESTORE.md' says how to put each service back", request.id.text()));
  }
}

// What replaces a live service is asked for in so many words that nobody does it by accident.
const std::string& checked_replacement(const Options& options) {
  const std::string& name = options.replaced;
  if (!options.target.empty() || options.include_failed) {
    throw Error(ErrorKind::usage, format("--yes-replace does not go with {}",
                                         options.target.empty() ? "--include-failed" : "--to"))
        .hint("Restore to a folder with --to, or replace the live service, one of the two.");
  }
  if (options.selection.size() != 1) {
    throw Error(ErrorKind::usage, options.selection.empty()
                                      ? "--yes-replace: no service is named before it"
                                      : "--yes-replace: one service at a time")
        .hint(format("Write: lifeboat restore {} {} --yes-replace {}", printable(options.snapshot),
                     printable(name), printable(name)));
  }
  if (options.selection.front() == name) return name;
  throw Error(ErrorKind::usage, format("--yes-replace {}: that is not '{}', the service to restore",
                                       printable(name), printable(options.selection.front())))
      .hint("Type the service's name twice, the same both times, and no path below it.");
}

void tell_change(const SnapshotId& id, const DiffedService& diff, CommandContext& context) {
  Talk& talk = context.talk();
  talk.status("");
  if (diff.state == DiffState::failed) {
    talk.warn(format("what is live now cannot be told: {}", printable(diff.failure)));
    return;
  }
  for (const std::string& line :
       split(trim(render_diffed(diff, {live_side_name, id.text()}, Style(), entries_shown_max)),
             '\n')) {
    talk.say(line);
  }
}

int replace(const Options& options, CommandContext& context) {
  const std::string& name = checked_replacement(options);
  const Config& config = context.config();
  const std::vector<BackupService> services = live_services_of(context);
  const auto service = std::find_if(services.begin(), services.end(),
                                    [&](const auto& one) { return one.service.name == name; });
  if (service == services.end()) {
    throw Error(ErrorKind::usage, format("replace service '{}': the configuration has none of "
                                         "that name",
                                         printable(name)))
        .hint("The live service is what the configuration says; restore to a folder with --to.");
  }
  ProgressBar progress(context.talk(), context.clock());
  ReplaceRequest request;
  request.identities = context.required_identities();
  Environment environment = context.environment(progress);
  request.id = asked_snapshot(environment, options.snapshot, context.default_host());
  if (!service->fault.empty()) throw Error(ErrorKind::service, service->fault);
  request.service = *service;
  request.scratch_dir = context.scratch_dir(options.scratch);
  request.lock_dir = config.state_dir;
  request.host = config.host;
  request.before_replace = [&](const DiffedService& diff) {
    tell_change(request.id, diff, context);
  };
  const ReplaceResult result = replace_service(request, environment);
  context.talk().status("");
  for (const std::string& warning : result.warnings) context.talk().warn(printable(warning));
  if (context.options.json) {
    context.out().json(replace_to_json(request.id, result));
  } else {
    context.out().text(render_replace(request.id, result, context.style()));
  }
  return exit_ok;
}

int restore(const Options& options, CommandContext& context) {
  if (!options.replaced.empty()) return replace(options, context);
  if (options.target.empty()) {
    throw Error(ErrorKind::usage, "--to is required: nothing says where to restore to")
        .hint(
            "Give --to DIR for a new folder, or --yes-replace SERVICE to put one service in the "
            "live one's place.");
  }
  ProgressBar progress(context.talk(), context.clock());
  RestoreRequest request;
  request.identities = context.required_identities();
  Environment environment = context.environment(progress);
  request.id = asked_snapshot(environment, options.snapshot, context.default_host());
  request.selection = options.selection;
  request.target = options.target;
  request.include_failed = options.include_failed;
  const RestoreResult result = restore_snapshot(request, environment);
  for (const std::string& warning : result.warnings) context.talk().warn(printable(warning));
  if (context.options.json) {
    context.out().json(restore_to_json(request, result));
    return exit_ok;
  }
  context.out().line(format("restored {} ({}) of {} to {} in {}",
                            print_count(result.members, "member", "members"),
                            print_bytes(result.bytes), request.id.text(),
                            printable(request.target.native()), print_duration(result.duration)));
  tell_next_steps(request, context);
  return exit_ok;
}

}  // namespace

void add_restore(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, context,
      {"restore",
       "extract a snapshot, or parts of it, into a new folder; or replace a live service",
       group_snapshots,
       {"lifeboat restore latest --to /root/restored",
        "lifeboat restore 2026-05-07 n8n waha/noweb/default --to /root/restored",
        "lifeboat restore latest n8n --yes-replace n8n",
        "lifeboat restore latest --to /root/restored --store dir:/mnt/usb/backups "
        "--identity key.txt --trust ed25519:..."}});
  command.alias("extract");
  command.add_option("SNAPSHOT", options->snapshot, snapshot_forms)->required();
  command
      .add_option("SERVICE", options->selection,
                  "only these services, or members such as n8n/config")
      ->option_text("...");
  command.add_option("--to", options->target, "a new or empty folder, never a live one")
      ->option_text("DIR");
  command
      .add_option("--yes-replace", options->replaced,
                  "in place of --to: put SERVICE, typed out once more, in the live one's place, "
                  "once everything proved itself")
      ->option_text("SERVICE");
  command
      .add_option("--scratch", options->scratch,
                  "where --yes-replace restores to first; always cleaned up")
      ->option_text("DIR");
  command.add_flag("--include-failed", options->include_failed,
                   "also services whose backup failed half-way");
  add_store_options(command, context);
  add_identity_options(command, context);
  set_action(command, context, [options, &context] { return restore(*options, context); });
}

}  // namespace lifeboat::cli
