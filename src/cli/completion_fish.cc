// For fish: one `complete` an option, each under the condition that its command was typed.

#include "base/format.h"
#include "cli/command_tree.h"

namespace lifeboat::cli {
namespace {

std::string quote(const std::string& text) {
  std::string quoted = "'";
  for (const char letter : text) {
    if (letter == '\'' || letter == '\\') quoted += '\\';
    quoted += letter;
  }
  return quoted + "'";
}

std::string line(const CommandNode& node, const std::string& rest) {
  return format("complete -c lifeboat -n {} {}\n",
                quote(format("__lifeboat_at {}", quote(node.full_name()))), rest);
}

std::string command_lines(const CommandNode& at, const std::vector<CommandNode>& commands) {
  std::string text;
  for (const CommandNode& command : commands) {
    text += line(at, format("-a {} -d {}", command.name(), quote(command.summary)));
  }
  return text;
}

std::string words_of(const OptionInfo& info) {
  switch (info.kind) {
    case ValueKind::choice:
      return format(" -a {}", quote(format("{}", join(info.choices, " "))));
    case ValueKind::file:
      return " -F";
    case ValueKind::folder:
      return " -a '(__fish_complete_directories (commandline -ct))'";
    case ValueKind::none:
    case ValueKind::text:
    case ValueKind::command:
      return "";
  }
  return "";
}

std::string option_line(const CommandNode& node, const OptionInfo& option) {
  std::string rest;
  for (const std::string& name : option.names) {
    rest += name.starts_with("--") ? format("-l {} ", name.substr(2))
                                   : format("-s {} ", name.substr(1));
  }
  // -r: a value follows; -x: and it is no file.
  if (option.takes_value()) {
    rest += format("-{}{} ", option.kind == ValueKind::file ? "r" : "x", words_of(option));
  }
  return line(node, format("{}-d {}", rest, quote(option.help)));
}

std::string argument_line(const CommandNode& node, const OptionInfo& argument,
                          const CommandNode& root) {
  if (argument.kind == ValueKind::command) return command_lines(node, root.commands);
  const std::string words = words_of(argument);
  return words.empty() ? "" : line(node, words.substr(1));
}

}  // namespace

std::string fish_completion(const CommandNode& root) {
  std::string text =
      "# fish completion for lifeboat; made by 'lifeboat completion fish'\n\n"
      "# Whether the command that was typed so far is $argv[1].\n"
      "function __lifeboat_at\n  set -l command ''\n  set -l skip 0\n"
      "  for word in (commandline -opc)[2..]\n"
      "    if test $skip = 1\n      set skip 0\n      continue\n    end\n"
      "    switch \"$command:$word\"\n";
  for (const OptionInfo& option : root.options) {
    if (!option.takes_value()) continue;
    for (const std::string& name : option.names) {
      text += format("      case '*:{}'\n        set skip 1\n", name);
    }
  }
  for (const CommandNode* node : all_commands(root)) {
    for (const CommandNode& command : node->commands) {
      std::vector<std::string> typed = command.names();
      for (std::string& name : typed) name = format("'{}:{}'", node->full_name(), name);
      text += format("      case {}\n        set command '{}'\n", join(typed, " "),
                     command.full_name());
    }
  }
  text += "    end\n  end\n  test \"$command\" = \"$argv[1]\"\nend\n\ncomplete -c lifeboat -f\n";
  for (const CommandNode* node : all_commands(root)) {
    text += command_lines(*node, node->commands);
    for (const OptionInfo& option : node->options) text += option_line(*node, option);
    for (const OptionInfo& argument : node->arguments) text += argument_line(*node, argument, root);
  }
  return text;
}

}  // namespace lifeboat::cli
