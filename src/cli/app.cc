#include "cli/app.h"

#include <algorithm>
#include <filesystem>
#include <new>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/command.h"
#include "cli/command_tree.h"
#include "cli/usage.h"

namespace lifeboat::cli {
namespace {

constexpr size_t help_column_width = 34;

// CLI11 keeps what an option excludes in the order of its addresses, which differ between runs.
class StableFormatter : public CLI::Formatter {
 public:
  std::string make_option_opts(const CLI::Option* option) const override {
    static constexpr std::string_view label = " Excludes:";
    std::string text = CLI::Formatter::make_option_opts(option);
    const size_t at = text.find(label);
    if (at == std::string::npos) return text;
    std::vector<std::string> names = split(trim(text.substr(at + label.size())), ' ');
    std::sort(names.begin(), names.end());
    return text.substr(0, at) + format("{} {}", label, join(names, " "));
  }
};

void add_commands(CLI::App& app, CommandContext& context) {
  add_backup(app, context);
  add_status(app, context);
  add_report(app, context);
  add_list(app, context);
  add_ls(app, context);
  add_cat(app, context);
  add_restore(app, context);
  add_verify(app, context);
  add_drill(app, context);
  add_diff(app, context);
  add_prune(app, context);
  add_notify(app, context);
  add_init(app, context);
  add_check(app, context);
  add_plan(app, context);
  add_watch(app, context);
  add_discover(app, context);
  add_bucket(app, context);
  add_monitoring(app, context);
  add_relay(app, context);
  add_install(app, context);
  add_uninstall(app, context);
  add_keygen(app, context);
  add_encrypt(app, context);
  add_decrypt(app, context);
  add_schema(app, context);
  add_completion(app, context);
  add_man(app, context);
  add_version(app, context);
  add_help(app, context);
}

int parse_and_run(CLI::App& app, CommandContext& context, std::vector<std::string> arguments) {
  app.formatter(std::make_shared<StableFormatter>());
  CLI::FormatterBase& formatter = *app.get_formatter();
  formatter.column_width(help_column_width);
  formatter.label("OPTIONS", "options");
  formatter.label("SUBCOMMAND", "COMMAND");
  formatter.label("Positionals", "Arguments");
  formatter.label("TEXT", "");      // the names say what they are
  formatter.label("REQUIRED", "");  // and the usage line what may be left out
  app.require_subcommand(1);
  app.footer("'lifeboat help COMMAND' shows a command's options and examples.");
  app.set_version_flag("-V,--version", "lifeboat " LIFEBOAT_VERSION, "print the version");
  // Before the command these mean the same as behind it.
  add_common_options(app, context);
  add_store_options(app, context);
  add_identity_options(app, context);
  add_commands(app, context);
  if (arguments.empty()) {
    context.talk().line(trim(help_text(app, {})));
    return exit_code(ErrorKind::usage);
  }
  try {
    std::reverse(arguments.begin(), arguments.end());  // CLI11 takes them from the back
    app.parse(std::move(arguments));
  } catch (const CLI::CallForHelp&) {
    context.out().text(help_text(app, typed_command(app)));
    return exit_ok;
  } catch (const CLI::CallForVersion& version) {
    context.out().line(version.what());
    return exit_ok;
  } catch (const CLI::ParseError& error) {
    throw usage_error(app, error);
  }
  context.talk().set_quiet(context.options.quiet);
  return context.action();
}

// Lines in a message (a list of configuration faults) stay lines; each is safe to print.
std::string printable_lines(std::string_view text) {
  std::vector<std::string> lines = split(text, '\n');
  for (std::string& line : lines) line = printable(line);
  return format("{}", join(lines, "\n"));
}

int report(const Failure& failure, CommandContext& context) {
  Talk& talk = context.talk();
  talk.status("");
  Output& out = context.out();
  try {
    if (!context.options.json || out.is_raw()) {
      // stdout holds what the command got done; what else there is to say goes to stderr.
      out.flush();
    } else if (out.in_array()) {
      out.item(failure_to_json(failure));
      out.end_array();
      out.flush();
    } else {
      out.json(failure_to_json(failure));
      out.flush();
    }
  } catch (const Error&) {
    // stdout itself is what failed.
  }
  if (context.options.json && out.is_raw()) {
    talk.line(print_json_line(failure_to_json(failure)));
    return failure.code;
  }
  talk.line(format("lifeboat: {}", printable_lines(failure.message)));
  for (const std::string& hint : failure.hints) {
    talk.line(format("hint: {}", printable_lines(hint)));
  }
  return failure.code;
}

}  // namespace

int run(const std::vector<std::string>& arguments, Surroundings& surroundings) {
  CommandContext context(surroundings);
  // A mistake on the command line must be told in JSON too, though parsing did not get that far.
  context.options.json = std::find(arguments.begin(), arguments.end(), "--json") != arguments.end();
  try {
    CLI::App app("Backups of self-hosted services that prove they restore.", "lifeboat");
    const int code = parse_and_run(app, context, arguments);
    context.talk().status("");
    context.out().flush();
    return code;
  } catch (const OutputClosed&) {
    throw;
  } catch (...) {
    return report(describe_failure(std::current_exception()), context);
  }
}

Failure describe_failure(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Error& error) {
    Failure result{exit_code(error.kind()), std::string(kind_name(error.kind())), {}, {}};
    result.message = redact(error.what());
    for (const std::string& hint : error.hints()) result.hints.push_back(redact(hint));
    return result;
  } catch (const Interrupted&) {
    return {exit_interrupted, "interrupted", "interrupted", {}};
  } catch (const std::bad_alloc&) {
    return {exit_code(ErrorKind::limit), "limit", "out of memory", {}};
  } catch (const std::filesystem::filesystem_error& error) {
    // Only a disk that fails at a mere look at a file gets here: no fault of ours.
    return {exit_code(ErrorKind::limit),
            "limit",
            redact(error.what()),
            {"Look at the disk: dmesg, df."}};
  } catch (const std::exception& error) {
    return {exit_bug,
            "bug",
            redact(format("a fault in lifeboat itself: {}", error.what())),
            {"Please report it, with the command line and the version ('lifeboat version')."}};
  }
}

Json failure_to_json(const Failure& failure) {
  return {{"error",
           {{"kind", failure.kind},
            {"code", failure.code},
            {"message", failure.message},
            {"hints", failure.hints}}}};
}

}  // namespace lifeboat::cli
