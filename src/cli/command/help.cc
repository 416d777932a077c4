#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/usage.h"

namespace lifeboat::cli {

void add_help(CLI::App& app, CommandContext& context) {
  const auto topic = std::make_shared<std::vector<std::string>>();
  CLI::App& command = add_command(app, context,
                                  {"help",
                                   "show the help of the program or of a command",
                                   group_about,
                                   {"lifeboat help", "lifeboat help restore"}});
  command.add_option("COMMAND", *topic, "the command, as in 'bucket audit' (default: all)");
  set_action(command, context, [topic, &app, &context] {
    context.out().text(help_text(app, *topic));
    return exit_ok;
  });
}

}  // namespace lifeboat::cli
