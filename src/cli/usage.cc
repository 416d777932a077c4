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
  // App::help of the root shows the command that was parsed, which is `help` itself.
  if (command.empty())
    return app.get_formatter()->make_help(&app, "lifeboat", CLI::AppFormatMode::Normal);
  const auto found =
      app.get_subcommands([&](CLI::App* candidate) { return candidate->check_name(command); });
  if (found.empty()) throw unexpected(app, nullptr, command);
  return found.front()->help("lifeboat");
}

}  // namespace lifeboat::cli
