#include "base/exit_code.h"
#include "cli/command.h"
#include "cli/command_tree.h"
#include "cli/manual.h"

namespace lifeboat::cli {

void add_man(CLI::App& app, CommandContext& context) {
  CLI::App& command =
      add_command(app, context,
                  {"man",
                   "print the manual page lifeboat(1)",
                   group_about,
                   {"lifeboat man > lifeboat.1 && man -l lifeboat.1", "lifeboat man | man -l -"}});
  set_action(command, context, [&app, &context] {
    context.out().text(manual_page(command_tree(app)));
    return exit_ok;
  });
}

}  // namespace lifeboat::cli
