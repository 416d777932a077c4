// For bash, with or without the package bash-completion. What was typed so far decides which
// command is meant; its branch then offers values behind an option, options behind a dash, and
// commands or arguments else.

#include "base/format.h"
#include "cli/command_tree.h"

namespace lifeboat::cli {
namespace {

std::string names_of(const std::vector<CommandNode>& commands) {
  std::string names;
  for (const CommandNode& command : commands) names += command.name() + " ";
  return names;
}

// The statement that offers what `info` takes; empty for a text that only the user knows.
std::string offer(const OptionInfo& info, const CommandNode& root) {
  switch (info.kind) {
    case ValueKind::choice:
      return format("_lifeboat_words \"{}\"", join(info.choices, " "));
    case ValueKind::file:
      return "_lifeboat_paths -f";
    case ValueKind::folder:
      return "_lifeboat_paths -d";
    case ValueKind::command:
      return format("_lifeboat_words \"{}\"", names_of(root.commands));
    case ValueKind::none:
    case ValueKind::text:
      return "";
  }
  return "";
}

std::string branch(const CommandNode& node, const CommandNode& root) {
  std::string text = format("    \"{}\")\n      case $previous in\n", node.full_name());
  std::string options;
  for (const OptionInfo& option : node.options) {
    for (const std::string& name : option.names) options += name + " ";
    if (option.takes_value()) {
      text += format("        {}) {}; return ;;\n", join(option.names, " | "),
                     option.kind == ValueKind::text ? ":" : offer(option, root));
    }
  }
  text += format(
      "      esac\n      if [[ $current == -* ]]; then\n        "
      "_lifeboat_words \"{}\"\n",
      options);
  std::string rest = node.commands.empty()
                         ? std::string()
                         : format("_lifeboat_words \"{}\"", names_of(node.commands));
  for (const OptionInfo& argument : node.arguments) {
    if (rest.empty()) rest = offer(argument, root);
  }
  if (!rest.empty()) text += format("      else\n        {}\n", rest);
  return text + "      fi\n      ;;\n";
}

constexpr const char* head = R"(# bash completion for lifeboat; made by 'lifeboat completion bash'

_lifeboat_words() { mapfile -t COMPREPLY < <(compgen -W "$1" -- "$current"); }

_lifeboat_paths() {
  compopt -o filenames 2> /dev/null
  mapfile -t COMPREPLY < <(compgen "$1" -- "$current")
}

_lifeboat() {
  local current=${COMP_WORDS[COMP_CWORD]} previous=${COMP_WORDS[COMP_CWORD - 1]} command="" at
  COMPREPLY=()
  # bash takes --config=x apart.
  if [[ $current == "=" ]]; then
    current=""
  elif [[ $previous == "=" ]]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "$command:${COMP_WORDS[at]}" in
)";

}  // namespace

std::string bash_completion(const CommandNode& root) {
  std::string text = head;
  for (const OptionInfo& option : root.options) {
    if (!option.takes_value()) continue;
    for (const std::string& name : option.names) text += format("      *:{}) ((at++)) ;;\n", name);
  }
  for (const CommandNode* node : all_commands(root)) {
    for (const CommandNode& command : node->commands) {
      std::vector<std::string> typed = command.names();
      for (std::string& name : typed) name = format("\"{}:{}\"", node->full_name(), name);
      text += format("      {}) command=\"{}\" ;;\n", join(typed, " | "), command.full_name());
    }
  }
  text += "    esac\n  done\n  case $command in\n";
  for (const CommandNode* node : all_commands(root)) text += branch(*node, root);
  return text + "  esac\n}\n\ncomplete -F _lifeboat lifeboat\n";
}

}  // namespace lifeboat::cli
