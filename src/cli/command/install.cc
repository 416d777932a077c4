// Cron or systemd timers start the configured runs, and what that wrote is taken back again.

#include <unistd.h>

#include <filesystem>
#include <memory>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/install_request.h"
#include "cli/render_install.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  bool cron = false;
  bool systemd = false;
  bool dry_run = false;
  std::string root = "/";

  bool is_real() const { return root == "/"; }
};

SchedulerKind chosen_kind(const Options& options) {
  if (options.cron) return SchedulerKind::cron;
  if (options.systemd || runs_systemd()) return SchedulerKind::systemd;
  return SchedulerKind::cron;
}

void warn_of_program(const fs::path& program, CommandContext& context) {
  for (const char* folder : {"/usr/", "/opt/", "/bin/", "/snap/"}) {
    if (program.native().starts_with(folder)) return;
  }
  context.talk().warn(
      format("runs will start '{}', which is not where programs stay: put it to "
             "/usr/local/bin and install again",
             printable(program.native())));
}

// Shows what changes, then does it.
int carry_out(const InstallPlan& plan, const Options& options, CommandContext& context) {
  for (const std::string& warning : plan.warnings) context.talk().warn(printable(warning));
  if (context.options.json) {
    context.out().json(install_to_json(plan, options.dry_run));
  } else {
    context.out().text(render_install(plan, context.style()));
  }
  context.out().flush();
  if (options.dry_run || !plan.changes_anything()) return exit_ok;
  if (options.is_real() && ::geteuid() != 0) {
    throw Error(ErrorKind::config, "write what starts runs: only root can")
        .hint("Put sudo in front. With --dry-run everybody can look at what would change.");
  }
  apply_install(plan, context.random(), context.clock());
  context.talk().say("done");
  return exit_ok;
}

int install(const Options& options, CommandContext& context) {
  const InstallRequest request =
      make_install_request(context, chosen_kind(options), fs::absolute(options.root));
  warn_of_program(request.program, context);
  return carry_out(plan_install(request), options, context);
}

int uninstall(const Options& options, CommandContext& context) {
  return carry_out(plan_uninstall(fs::absolute(options.root)), options, context);
}

void add_plan_options(CLI::App& command, const std::shared_ptr<Options>& options) {
  command.add_flag("--dry-run", options->dry_run, "show what would change, and change nothing");
  command
      .add_option("--root", options->root,
                  "files lie below this folder, such as an image; then no command is run")
      ->option_text("DIR")
      ->check(CLI::ExistingDirectory);
}

}  // namespace

void add_install(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, context,
      {"install",
       "let cron or systemd start jobs, drill and prune by their schedules",
       group_setup,
       {"lifeboat install --dry-run", "lifeboat install --systemd", "lifeboat install --cron"}});
  CLI::Option* const cron = command.add_flag("--cron", options->cron,
                                             "write /etc/cron.d/lifeboat and its logs' rotation");
  command
      .add_flag("--systemd", options->systemd,
                "write a timer for each run (the default where systemd runs)")
      ->excludes(cron);
  add_plan_options(command, options);
  add_config_option(command, context);
  set_action(command, context, [options, &context] { return install(*options, context); });
}

void add_uninstall(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(app, context,
                                  {"uninstall",
                                   "take back what install wrote, to the state before it",
                                   group_setup,
                                   {"lifeboat uninstall --dry-run", "lifeboat uninstall"}});
  add_plan_options(command, options);
  set_action(command, context, [options, &context] { return uninstall(*options, context); });
}

}  // namespace lifeboat::cli
