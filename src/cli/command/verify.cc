#include <memory>
#include <string>
#include <vector>

#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/app.h"
#include "cli/asked_snapshot.h"
#include "cli/command.h"
#include "cli/render.h"
#include "cli/watched_run.h"
#include "engine/verify.h"
#include "snapshot/layout.h"

namespace lifeboat::cli {
namespace {

struct Options {
  std::string snapshot = "latest";
  bool all = false;
  bool no_notify = false;
};

// Each snapshot of the store; those that fail are told and the rest still checked. The exit code
// is the first failure's.
int verify_all(Environment& environment, CommandContext& context, WatchedRun& run) {
  const std::vector<SnapshotId> ids = context.snapshots();
  PlainOutcome outcome;
  if (context.options.json) context.out().begin_array();
  for (const SnapshotId& id : ids) {
    try {
      const VerifyResult result = verify_snapshot(id, context.identities(), environment);
      if (context.options.json) {
        context.out().item(verify_to_json(id, result));
      } else {
        context.out().text(render_verify(id, result, context.style()));
      }
    } catch (const Error& error) {
      const Failure failure = describe_failure(std::current_exception());
      if (outcome.code == exit_ok) outcome = {failure.code, failure.message, failure.hints};
      if (context.options.json) {
        Json item = {{"snapshot", id.text()}, {"ok", false}};
        item.update(failure_to_json(failure));
        context.out().item(item);
      } else {
        context.out().line(format("{} {}", context.style().bad("✗"), printable(failure.message)));
      }
    }
    context.out().flush();
  }
  run.account(plain_account(run.frame(), outcome));
  if (context.options.json) context.out().end_array();
  if (ids.empty()) context.talk().say(format("{} holds no snapshots", environment.store.name()));
  return outcome.code;
}

int verify(const Options& options, CommandContext& context, WatchedRun& run) {
  if (context.identities().empty()) {
    context.talk().say(
        "no private key: only the stored bytes are checked (give --identity FILE for all)");
  }
  Environment environment = context.environment(run.progress());
  if (!environment.trust.is_required()) {
    context.talk().say("no trusted key: who wrote it is not checked (give --trust KEY for that)");
  }
  if (options.all) return verify_all(environment, context, run);
  const SnapshotId id = asked_snapshot(environment, options.snapshot, context.default_host());
  const VerifyResult result = verify_snapshot(id, context.identities(), environment);
  if (context.options.json) {
    context.out().json(verify_to_json(id, result));
  } else {
    context.out().text(render_verify(id, result, context.style()));
  }
  return exit_ok;
}

}  // namespace

void add_verify(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command =
      add_command(app, context,
                  {"verify",
                   "read a whole snapshot and check every hash in it",
                   group_snapshots,
                   {"lifeboat verify", "lifeboat verify 2026-05-07", "lifeboat verify --all --json",
                    "lifeboat verify --store dir:/mnt/usb/backups --identity key.txt --trust "
                    "signing.pub"}});
  CLI::Option* snapshot = command.add_option("SNAPSHOT", options->snapshot, snapshot_forms_default);
  command.add_flag("--all", options->all, "every snapshot of the store")->excludes(snapshot);
  add_store_options(command, context);
  add_identity_options(command, context);
  add_no_notify_option(command, options->no_notify);
  set_action(command, context, [options, &context] {
    return run_watched(context,
                       {.activity = "verify",
                        .is_watched = context.is_at_home(),
                        .silent = options->no_notify,
                        .tells_success = false},
                       [&](WatchedRun& run) { return verify(*options, context, run); });
  });
}

}  // namespace lifeboat::cli
