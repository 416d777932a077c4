#include "cli/usage.h"

#include <string>
#include <vector>

#include "base/format.h"
#include "base/text.h"

namespace lifeboat::cli {
namespace {

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
      command == nullptr ? "lifeboat help" : "lifeboat help " + command->get_name();
  std::string message;
  std::optional<std::string> meant;
  if (is_option) {
    CLI::App& owner = command == nullptr ? app : *command;
    meant = nearest(typed, option_names(owner));
    message = command == nullptr
                  ? format("unknown option '{}'", printable(typed))
                  : format("unknown option '{}' for '{}'", printable(typed), command->get_name());
  } else if (command == nullptr) {
    meant = nearest(typed, command_names(app));
    message = format("unknown command '{}'", printable(typed));
  } else {
    message = format("unexpected argument '{}' for '{}'", printable(typed), command->get_name());
  }
  Error error(ErrorKind::usage, message);
  if (meant) error.add_hint(format("Did you mean '{}'?", *meant));
  error.add_hint(format("See '{}'.", help));
  return error;
}

}  // namespace

Error usage_error(CLI::App& app, const CLI::ParseError& error) {
  const std::vector<CLI::App*> parsed = app.get_subcommands();
  CLI::App* command = parsed.empty() ? nullptr : parsed.back();
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
                               : format("See 'lifeboat help {}'.", command->get_name()));
}

std::string help_text(CLI::App& app, const std::string& command) {
  std::string text;
  if (command.empty()) {
    // App::help of the root would delegate to the command that was parsed.
    text = app.get_formatter()->make_help(&app, "lifeboat", CLI::AppFormatMode::Normal);
  } else {
    const auto found =
        app.get_subcommands([&](CLI::App* candidate) { return candidate->check_name(command); });
    if (found.empty()) throw unexpected(app, nullptr, command);
    text = found.front()->help("lifeboat");
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
