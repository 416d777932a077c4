// What a shell needs to complete command lines, made from the commands themselves.

#include <memory>
#include <string>

#include "base/exit_code.h"
#include "cli/command.h"
#include "cli/command_tree.h"

namespace lifeboat::cli {

void add_completion(CLI::App& app, CommandContext& context) {
  const auto shell = std::make_shared<std::string>();
  CLI::App& command =
      add_command(app, context,
                  {"completion",
                   "print the completion for bash, zsh or fish",
                   group_about,
                   {"source <(lifeboat completion bash)",
                    "lifeboat completion zsh > ~/.zfunc/_lifeboat     # a folder of your $fpath",
                    "lifeboat completion fish > ~/.config/fish/completions/lifeboat.fish"}});
  command.add_option("SHELL", *shell, "whose")
      ->option_text("bash|zsh|fish")
      ->required()
      ->check(CLI::IsMember({"bash", "zsh", "fish"}));
  set_action(command, context, [shell, &app, &context] {
    const CommandNode root = command_tree(app);
    context.out().text(*shell == "bash"  ? bash_completion(root)
                       : *shell == "zsh" ? zsh_completion(root)
                                         : fish_completion(root));
    return exit_ok;
  });
}

}  // namespace lifeboat::cli
