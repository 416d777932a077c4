// How all backups stand, in a table that is read in two seconds.

#include "base/exit_code.h"
#include "cli/app.h"
#include "cli/command.h"
#include "cli/overview.h"
#include "cli/render_status.h"

namespace lifeboat::cli {
namespace {

// Dailies are kept for about that long; the newest of each kind is looked at however old it is.
constexpr std::chrono::days nights{31};

int status(CommandContext& context) {
  const Overview overview = look_over(context, nights);
  const Timestamp now = context.clock().now();
  if (!context.options.json) {
    context.out().text(render_status(overview.status, now, context.style()));
    if (overview.store_failure) std::rethrow_exception(overview.store_failure);
    return overview.status.findings.empty() ? exit_ok : exit_differs;
  }
  Json value = status_to_json(overview.status, now);
  int code = overview.status.findings.empty() ? exit_ok : exit_differs;
  if (overview.store_failure) {
    const Failure failure = describe_failure(overview.store_failure);
    value.update(failure_to_json(failure));
    value["good"] = false;
    code = failure.code;
  }
  context.out().json(value);
  return code;
}

}  // namespace

void add_status(CLI::App& app, CommandContext& context) {
  CLI::App& command =
      add_command(app, context,
                  {"status",
                   "how all backups stand: drills first, then ages, sizes and what needs a look",
                   group_snapshots,
                   {"lifeboat status", "lifeboat status --host vps-h1 --json",
                    "lifeboat status --store dir:/mnt/usb/backups"}});
  add_store_options(command, context);
  add_trust_option(command, context);
  set_action(command, context, [&context] { return status(context); });
}

}  // namespace lifeboat::cli
