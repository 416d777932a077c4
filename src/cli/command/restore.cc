#include <memory>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/progress_bar.h"
#include "cli/render.h"
#include "engine/restore.h"
#include "snapshot/catalog.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::string snapshot;
  std::vector<std::string> selection;
  std::string target;
  bool include_failed = false;
};

void tell_next_steps(const RestoreRequest& request, CommandContext& context) {
  if (request.selection.empty()) {
    context.talk().say(format("next: read {}, which says how to put each service back",
                              printable((request.target / "RESTORE.md").native())));
  } else {
    context.talk().say(format(
        "next: 'lifeboat cat {} RESTORE.md' says how to put each service back", request.id.text()));
  }
}

int restore(const Options& options, CommandContext& context) {
  ProgressBar progress(context.talk(), context.clock());
  RestoreRequest request;
  request.identities = context.required_identities();
  Environment environment = context.environment(progress);
  request.id = resolve_snapshot(environment.store, options.snapshot, context.default_host());
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
  CLI::App& command =
      add_command(app, context,
                  {"restore",
                   "extract a snapshot, or parts of it, into a new folder",
                   group_snapshots,
                   {"lifeboat restore latest --to /root/restored",
                    "lifeboat restore 2026-05-07 n8n waha/noweb/default --to /root/restored",
                    "lifeboat restore latest --to /root/restored --store dir:/mnt/usb/backups "
                    "--identity key.txt --trust ed25519:..."}});
  command.alias("extract");
  command.add_option("SNAPSHOT", options->snapshot, snapshot_forms)->required();
  command
      .add_option("SERVICE", options->selection,
                  "only these services, or members such as n8n/config")
      ->option_text("...");
  command.add_option("--to", options->target, "required: a new or empty folder, never a live one")
      ->option_text("DIR")
      ->required();
  command.add_flag("--include-failed", options->include_failed,
                   "also services whose backup failed half-way");
  add_store_options(command, context);
  add_identity_options(command, context);
  set_action(command, context, [options, &context] { return restore(*options, context); });
}

}  // namespace lifeboat::cli
