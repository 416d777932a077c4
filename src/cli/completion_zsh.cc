// For zsh: a function a command, in the words of _arguments.

#include <algorithm>

#include "base/format.h"
#include "base/text.h"
#include "cli/command_tree.h"

namespace lifeboat::cli {
namespace {

std::string function_of(const CommandNode& node) {
  std::string name = "_lifeboat";
  for (const std::string& part : node.path) name += "_" + part;
  return name;
}

// Text inside [...] or between colons of a spec.
std::string escaped(const std::string& text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '[' || letter == ']' || letter == ':' || letter == '\\') result += '\\';
    result += letter;
  }
  return result;
}

std::string action(const OptionInfo& info) {
  switch (info.kind) {
    case ValueKind::choice:
      return format("({})", join(info.choices, " "));
    case ValueKind::file:
      return "_files";
    case ValueKind::folder:
      return "_files -/";
    case ValueKind::command:
      return "_lifeboat_commands";
    case ValueKind::none:
    case ValueKind::text:
      return " ";  // nothing is offered, the message is shown
  }
  return "";
}

std::string option_spec(const OptionInfo& option) {
  const std::string value =
      option.takes_value() ? format(":{}:{}", escaped(option.value), action(option)) : "";
  std::string text;
  for (const std::string& name : option.names) {
    const std::string once = option.may_repeat ? "*" : format("({})", join(option.names, " "));
    const char* joint = option.takes_value() && name.starts_with("--") ? "=" : "";
    text +=
        format("    {} \\\n",
               shell_word(format("{}{}{}[{}]{}", once, name, joint, escaped(option.help), value)));
  }
  return text;
}

std::string command_list(const CommandNode& node, const std::string& function) {
  std::string text = format("{}() {{\n  local -a commands=(\n", function);
  for (const CommandNode& command : node.commands) {
    text +=
        format("    {}\n", shell_word(format("{}:{}", command.name(), escaped(command.summary))));
  }
  return text + "  )\n  _describe -t commands command commands\n}\n\n";
}

std::string function(const CommandNode& node) {
  const std::string name = function_of(node);
  const bool has_commands = !node.commands.empty();
  std::string text = has_commands ? command_list(node, name + "_commands") : "";
  text += format("{}() {{\n", name);
  if (has_commands) text += "  local curcontext=$curcontext state line\n";
  text += format("  _arguments -s {}\\\n", has_commands ? "-C " : "");
  for (const OptionInfo& option : node.options) text += option_spec(option);
  if (!has_commands) {
    for (const OptionInfo& argument : node.arguments) {
      text += format("    {} \\\n",
                     shell_word(format("{}:{}:{}", argument.may_repeat ? "*" : "",
                                       escaped(argument.names.front()), action(argument))));
    }
    return text + "    && return 0\n}\n\n";
  }
  text += format("    '1:command:{}_commands' '*::argument:->below' && return 0\n", name);
  text += "  [[ $state == below ]] || return 1\n  case $line[1] in\n";
  for (const CommandNode& command : node.commands) {
    text += format("    {}) {} ;;\n", join(command.names(), "|"), function_of(command));
  }
  return text + "  esac\n}\n\n";
}

}  // namespace

std::string zsh_completion(const CommandNode& root) {
  std::string text = "#compdef lifeboat\n# made by 'lifeboat completion zsh'\n\n";
  auto nodes = all_commands(root);
  std::reverse(nodes.begin(), nodes.end());
  for (const CommandNode* node : nodes) text += function(*node);
  // Autoloaded from $fpath this file is the function's body; sourced, it registers itself.
  return text +
         "if [[ ${funcstack[1]} == _lifeboat ]]; then\n  _lifeboat \"$@\"\nelse\n"
         "  compdef _lifeboat lifeboat\nfi\n";
}

}  // namespace lifeboat::cli
