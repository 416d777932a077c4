#include <memory>

#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/discovery.h"
#include "cli/render_discover.h"

namespace lifeboat::cli {
namespace {

struct Options {
  bool fail = false;
  std::string root = "/";
};

int discover(const Options& options, CommandContext& context) {
  const Discovery found = discover_here(context, {.root = options.root});
  context.talk().status("");
  for (const std::string& warning : found.warnings) context.talk().warn(printable(warning));
  for (const std::string& name : found.unused_skips) {
    context.talk().warn(format("discover.skip: nothing here is called '{}'", printable(name)));
  }
  if (!context.has_config()) {
    context.talk().say("there is no configuration yet: nothing is covered");
  }
  if (context.options.json) {
    context.out().json(discovery_to_json(found));
  } else {
    context.out().text(render_discovery(found, context.style()));
  }
  return options.fail && found.uncovered() > 0 ? exit_differs : exit_ok;
}

}  // namespace

void add_discover(CLI::App& app, CommandContext& context) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, context,
      {"discover",
       "list volumes, folders, databases and known paths, and what is NOT COVERED",
       group_setup,
       {"lifeboat discover", "lifeboat discover --fail > /dev/null || echo 'something is missing'",
        "lifeboat discover --json"}});
  command.add_flag("--fail", options->fail, "end with status 1 if something is not covered");
  command
      .add_option("--root", options->root,
                  "look for known paths below this folder, such as a disk that is mounted there")
      ->option_text("DIR");
  add_config_option(command, context);
  set_action(command, context, [options, &context] { return discover(*options, context); });
}

}  // namespace lifeboat::cli
