#include "cli/checks.h"
#include "cli/command.h"
#include "cli/render.h"

namespace lifeboat::cli {
namespace {

int check(CommandContext& context) {
  const std::vector<CheckFinding> findings = run_checks(context);
  if (context.options.json) {
    context.out().json(findings_to_json(findings));
  } else {
    context.out().text(render_findings(findings, context.style()));
  }
  return findings_exit_code(findings);
}

}  // namespace

void add_check(CLI::App& app, CommandContext& context) {
  CLI::App& command =
      add_command(app, context,
                  {"check",
                   "look for everything that would go wrong, all at once, changing nothing",
                   group_setup,
                   {"lifeboat check", "lifeboat check --config ./lifeboat.yaml --json"}});
  add_config_option(command, context);
  set_action(command, context, [&context] { return check(context); });
}

}  // namespace lifeboat::cli
