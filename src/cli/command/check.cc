#include <memory>

#include "cli/check/checks.h"
#include "cli/command.h"
#include "cli/render.h"

namespace lifeboat::cli {
namespace {

int check(const CheckRequest& request, CommandContext& context) {
  const std::vector<CheckFinding> findings = run_checks(context, request);
  if (context.options.json) {
    context.out().json(findings_to_json(findings));
  } else {
    context.out().text(render_findings(findings, context.style()));
  }
  return findings_exit_code(findings);
}

}  // namespace

void add_check(CLI::App& app, CommandContext& context) {
  const auto request = std::make_shared<CheckRequest>();
  CLI::App& command =
      add_command(app, context,
                  {"check",
                   "look for everything that would go wrong, all at once, changing nothing",
                   group_setup,
                   {"lifeboat check", "lifeboat check --as-cron",
                    "lifeboat check --config ./lifeboat.yaml --json"}});
  add_config_option(command, context);
  command.add_flag("--as-cron", request->as_cron,
                   "look once more in the environment that cron or the timer will give");
  command
      .add_option_function<std::string>(
          "--root", [request](const std::string& folder) { request->root = folder; },
          "look for crontabs and timers below DIR")
      ->option_text("DIR");
  set_action(command, context, [request, &context] { return check(*request, context); });
}

}  // namespace lifeboat::cli
