// The commands and their options as plain data: the manual page and the shells' completions are
// made from it, so that both say what `--help` says.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "cli/context.h"

namespace lifeboat::cli {

// What an option's value, or an argument, is to a shell.
enum class ValueKind { none, text, choice, file, folder, command };

struct OptionInfo {
  std::vector<std::string> names;  // "-i", "--identity"; of an argument: "SNAPSHOT"
  std::string value;               // "FILE"; empty for a flag and for an argument
  std::string help;
  ValueKind kind = ValueKind::none;
  std::vector<std::string> choices;  // of ValueKind::choice
  bool is_required = false;
  bool may_repeat = false;
  bool is_common = false;  // can also be given before the command, and means the same there

  bool takes_value() const { return kind != ValueKind::none; }
};

struct CommandNode {
  std::vector<std::string> path;     // {"bucket", "audit"}; empty for the program
  std::vector<std::string> aliases;  // other names of the command
  std::string summary;
  std::string group;
  std::string footer;  // "Examples:", then one a line
  std::vector<OptionInfo> options;
  std::vector<OptionInfo> arguments;
  std::vector<CommandNode> commands;

  const std::string& name() const { return path.back(); }
  // "bucket audit"
  std::string full_name() const;
  // Its name and its aliases.
  std::vector<std::string> names() const;
};

CommandNode command_tree(const CLI::App& app);
// The node and all below it, parents first. They belong to `root`.
std::vector<const CommandNode*> all_commands(const CommandNode& root);

// Files that a shell reads.
std::string bash_completion(const CommandNode& root);
std::string zsh_completion(const CommandNode& root);
std::string fish_completion(const CommandNode& root);

// The commands that print them, and the configuration's schema.
void add_completion(CLI::App& app, CommandContext& context);
void add_man(CLI::App& app, CommandContext& context);
void add_schema(CLI::App& app, CommandContext& context);

}  // namespace lifeboat::cli
