#include "cli/command_tree.h"

#include "base/format.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

ValueKind kind_of(const std::string& shown) {
  if (shown == "FILE" || shown == "INPUT") return ValueKind::file;
  if (shown == "DIR") return ValueKind::folder;
  if (shown == "COMMAND") return ValueKind::command;
  return ValueKind::text;
}

// The words of CLI::IsMember, which CLI11 tells as "TEXT:{none,host,docker}" only.
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const size_t open = type.find('{');
  const size_t close = type.find('}', open);
  if (open == std::string::npos || close == std::string::npos) return {};
  return split(type.substr(open + 1, close - open - 1), ',');
}

OptionInfo option_info(const CLI::Option& option) {
  OptionInfo info;
  info.help = option.get_description();
  info.is_required = option.get_required();
  info.may_repeat = option.get_expected_max() > 1;
  if (option.get_positional()) {
    info.names.push_back(option.get_name(true, false));
    info.kind = kind_of(info.names.front());
  } else {
    for (const std::string& name : option.get_snames()) info.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) info.names.push_back("--" + name);
    if (option.get_type_size() == 0) return info;
    info.value = option.get_option_text();
    info.kind = kind_of(info.value);
  }
  info.choices = choices_of(option);
  if (!info.choices.empty()) info.kind = ValueKind::choice;
  return info;
}

bool is_same_in(const CLI::App& root, const CLI::Option& option) {
  const CLI::Option* other = root.get_option_no_throw(option.get_name());
  return other != nullptr && other->get_description() == option.get_description();
}

CommandNode node_of(const CLI::App& app, std::vector<std::string> path, const CLI::App& root) {
  CommandNode node;
  node.path = std::move(path);
  node.summary = app.get_description();
  node.group = app.get_group();
  node.aliases = app.get_aliases();
  node.footer = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    OptionInfo info = option_info(*option);
    info.is_common = is_same_in(root, *option);
    (option->get_positional() ? node.arguments : node.options).push_back(std::move(info));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    std::vector<std::string> below = node.path;
    below.push_back(command->get_name());
    node.commands.push_back(node_of(*command, std::move(below), root));
  }
  return node;
}

}  // namespace

std::string CommandNode::full_name() const { return format("{}", join(path, " ")); }

std::vector<std::string> CommandNode::names() const {
  std::vector<std::string> all{name()};
  all.insert(all.end(), aliases.begin(), aliases.end());
  return all;
}

CommandNode command_tree(const CLI::App& app) { return node_of(app, {}, app); }

std::vector<const CommandNode*> all_commands(const CommandNode& root) {
  std::vector<const CommandNode*> all{&root};
  for (const CommandNode& command : root.commands) {
    for (const CommandNode* node : all_commands(command)) all.push_back(node);
  }
  return all;
}

}  // namespace lifeboat::cli
