#include "cli/usage.h"

#include <string>
#include <vector>

#include "base/format.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

// The command that was typed last, "audit" of "bucket audit"; null if none was.
CLI::App* parsed_command(CLI::App& app) {
  CLI::App* found = &app;
  while (!found->get_subcommands().empty()) found = found->get_subcommands().back();
  return found == &app ? nullptr : found;
}

// "bucket audit"
std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  const bool is_nested = parent != nullptr && parent->get_parent() != nullptr;
  return is_nested ? full_name(*parent) + " " + command.get_name() : command.get_name();
}

std::vector<std::string> command_names(CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands([](CLI::App*) { return true; })) {
    names.push_back(command->get_name());
    for (const std::string& alias : command->get_aliases()) names.push_back(alias);
  }
  return names;
}

std::vector<std::string> option_names(CLI::App& command) {
  std::vector<std::string> names;
  for (const CLI::Option* option : command.get_options([](CLI::Option*) { return true; })) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  }
  return names;
}

Error unexpected(CLI::App& app, CLI::App* command, const std::string& word) {
  const bool is_option = word.size() > 1 && word.starts_with('-');
  const std::string typed = word.substr(0, is_option ? word.find('=') : std::string::npos);
  const std::string help =
      command == nullptr ? "lifeboat help" : "lifeboat help " + full_name(*command);
  std::string message;
  std::optional<std::string> meant;
  if (is_option) {
    CLI::App& owner = command == nullptr ? app : *command;
    meant = nearest(typed, option_names(owner));
    message = command == nullptr
                  ? format("unknown option '{}'", printable(typed))
                  : format("unknown option '{}' for '{}'", printable(typed), full_name(*command));
  } else if (command == nullptr) {
    meant = nearest(typed, command_names(app));
    message = format("unknown command '{}'", printable(typed));
  } else {
    meant = nearest(typed, command_names(*command));
    message = format("unexpected argument '{}' for '{}'", printable(typed), full_name(*command));
  }
  Error error(ErrorKind::usage, message);
  if (meant) error.add_hint(format("Did you mean '{}'?", *meant));
  error.add_hint(format("See '{}'.", help));
  return error;
}

}  // namespace

Error usage_error(CLI::App& app, const CLI::ParseError& error) {
  CLI::App* command = parsed_command(app);
  // What was not understood is told first: a missing option is often the mistyped one.
  const std::vector<std::string> strange_to_root = app.remaining(false);
  if (!strange_to_root.empty()) return unexpected(app, nullptr, strange_to_root.front());
  const std::vector<std::string> strange = app.remaining(true);
  if (!strange.empty()) return unexpected(app, command, strange.front());
  std::string message = error.what();
  if (!message.empty() && message[0] >= 'A' && message[0] <= 'Z') {
    message[0] = static_cast<char>(message[0] - 'A' + 'a');
  }
  return Error(ErrorKind::usage, message)
      .hint(command == nullptr ? "See 'lifeboat help'."
                               : format("See 'lifeboat help {}'.", full_name(*command)));
}

std::vector<std::string> typed_command(CLI::App& app) {
  std::vector<std::string> names;
  for (CLI::App* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().back();
    names.push_back(at->get_name());
  }
  return names;
}

std::string help_text(CLI::App& app, const std::vector<std::string>& command) {
  std::string text;
  if (command.empty()) {
    // App::help of the root would delegate to the command that was parsed.
    text = app.get_formatter()->make_help(&app, "lifeboat", CLI::AppFormatMode::Normal);
  } else {
    CLI::App* shown = &app;
    std::string before = "lifeboat";
    for (const std::string& name : command) {
      const auto found =
          shown->get_subcommands([&](CLI::App* candidate) { return candidate->check_name(name); });
      if (found.empty()) throw unexpected(app, shown == &app ? nullptr : shown, name);
      if (shown != &app) before += " " + shown->get_name();
      shown = found.front();
    }
    text = shown->get_formatter()->make_help(shown, before + " " + shown->get_name(),
                                             CLI::AppFormatMode::Normal);
  }
  // CLI11 leaves blanks and empty lines where it has nothing to say.
  for (const auto& [from, to] : {std::pair(" \n", "\n"), std::pair("\n\n\n", "\n\n")}) {
    const std::string_view wanted = from;
    for (size_t at = text.find(wanted); at != text.npos; at = text.find(wanted)) {
      text.replace(at, wanted.size(), to);
    }
  }
  return text;
}

}  // namespace lifeboat::cli
