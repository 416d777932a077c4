// man(7) and not mdoc(7): both man-db and mandoc read it, and a dozen lines of it are all that is
// needed. The options that most commands share are described once.
#include "cli/manual.h"

#include <algorithm>
#include <array>

#include "base/exit_code.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/context.h"

namespace lifeboat::cli {
namespace {

struct Entry {
  const char* name;
  const char* meaning;
};

// manual_test.cc holds that every variable which the sources read is here.
constexpr std::array environment{
    Entry{"LIFEBOAT_PASSPHRASE", "opens an encrypted identity file, and is what encrypt -p takes"},
    Entry{"LIFEBOAT_DISCORD_WEBHOOK, LIFEBOAT_HEARTBEAT_URL",
          "whom watch tells with --discord and --heartbeat"},
    Entry{"GITHUB_TOKEN, GITHUB_API_URL", "for --github-repo of watch and relay"},
    Entry{"LIFEBOAT_DOCKER_VOLUMES",
          "the folder of Docker's volumes, if the engine cannot be asked"},
    Entry{"LIFEBOAT_N8N", "the program n8n that a drill with --engine host starts"},
    Entry{"DOCKER_HOST", "the container engine, if docker.socket does not name it"},
    Entry{"AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_PROFILE, "
          "AWS_SHARED_CREDENTIALS_FILE",
          "the keys of an s3 store, if the configuration has none"},
    Entry{"AWS_REGION, AWS_DEFAULT_REGION, AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL",
          "what --store s3://BUCKET does not say itself"},
    Entry{"CREDENTIALS_DIRECTORY", "files that ${NAME} may name in the configuration (systemd)"},
    Entry{"STATE_DIRECTORY, XDG_STATE_HOME", "where watch remembers what it saw"},
    Entry{"INVOCATION_ID, MONITOR_UNIT, MONITOR_SERVICE_RESULT, MONITOR_EXIT_CODE, "
          "MONITOR_EXIT_STATUS, MONITOR_INVOCATION_ID",
          "set by systemd; what notify failure tells about"},
    Entry{"TMPDIR", "where spool and scratch files go without a configuration (/var/tmp)"},
    Entry{"HOME, PATH, TZ", "as usual; hooks and dumps are run with them"},
    Entry{"NO_COLOR, TERM", "no colours if NO_COLOR is set or TERM is dumb"}};

constexpr std::array files{
    Entry{"/etc/lifeboat/lifeboat.yaml", "the configuration, unless --config names another"},
    Entry{"/var/lib/lifeboat", "what runs remember, and their lock (state_dir)"},
    Entry{"/var/tmp", "encrypted spool files without a name, and scratch folders of drills"},
    Entry{"/usr/share/lifeboat/lifeboat.schema.json", "the configuration's JSON Schema"},
    Entry{"/usr/share/doc/lifeboat", "the whole documentation, and examples"}};

// roff takes a backslash, and a dot or quote at a line's start, for itself; a bare dash may become
// another character, which nobody can paste.
std::string escaped(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '\n') {
      result += "\n";
      continue;
    }
    const bool at_start = result.empty() || result.back() == '\n';
    if (at_start && (letter == '.' || letter == '\'')) result += "\\&";
    if (letter == '\\')
      result += "\\e";
    else if (letter == '-')
      result += "\\-";
    else if (letter == '\'')
      result += "\\(aq";
    else if (letter == '`')
      result += "\\(ga";
    else if (letter == '^')
      result += "\\(ha";
    else if (letter == '~')
      result += "\\(ti";
    else
      result += letter;
  }
  return result;
}

std::string bold(std::string_view text) { return format("\\fB{}\\fR", escaped(text)); }
std::string italic(std::string_view text) { return format("\\fI{}\\fR", escaped(text)); }

std::string argument_text(const OptionInfo& argument) {
  const std::string name =
      format("{}{}", italic(argument.names.front()), argument.may_repeat ? "..." : "");
  return argument.is_required ? name : format("[{}]", name);
}

std::string usage(const CommandNode& node) {
  std::string text = bold(format("lifeboat {}", node.full_name()));
  if (!node.options.empty()) text += " [" + italic("options") + "]";
  for (const OptionInfo& argument : node.arguments) text += " " + argument_text(argument);
  return text;
}

std::string tagged(const std::string& tag, const std::string& text) {
  return format(".TP\n{}\n{}\n", tag, text);
}

std::string described(const OptionInfo& option) {
  std::vector<std::string> names;
  for (const std::string& name : option.names) {
    names.push_back(name.starts_with('-') ? bold(name) : italic(name));
  }
  std::string tag = format("{}", join(names, ", "));
  if (!option.value.empty()) tag += " " + italic(option.value);
  std::string help = escaped(option.help);
  if (!option.choices.empty())
    help += format(" ({})", escaped(format("{}", join(option.choices, ", "))));
  if (option.is_required && option.names.front().starts_with('-')) help += " (required)";
  return tagged(tag, help);
}

std::string examples(const CommandNode& node) {
  const size_t begin = node.footer.find('\n');
  if (node.path.empty() || begin == std::string::npos) return "";
  std::string text = ".PP\nExamples:\n.PP\n.nf\n";
  for (const std::string& line : split(node.footer.substr(begin + 1), '\n')) {
    text += escaped(line) + "\n";
  }
  return text + ".fi\n";
}

std::string command_section(const CommandNode& node) {
  std::string text = format(".SS {}\n{}\n", escaped(node.full_name()), usage(node));
  text += format(".PP\n{}.\n", escaped(node.summary));
  for (const std::string& alias : node.aliases) text += format("Also called {}.\n", bold(alias));
  for (const OptionInfo& argument : node.arguments) text += described(argument);
  std::vector<std::string> common;
  for (const OptionInfo& option : node.options) {
    if (option.is_common)
      common.push_back(bold(option.names.back()));
    else
      text += described(option);
  }
  if (!common.empty()) {
    text += format(".PP\nCommon options: {}.\n", join(common, ", "));
  }
  text += examples(node);
  for (const CommandNode& command : node.commands) text += command_section(command);
  return text;
}

std::string commands_section(const CommandNode& root) {
  std::vector<std::string> groups;
  for (const CommandNode& command : root.commands) {
    if (std::find(groups.begin(), groups.end(), command.group) == groups.end()) {
      groups.push_back(command.group);
    }
  }
  std::string text;
  for (const std::string& group : groups) {
    text += format(".SH {}\n", escaped(group));
    for (const CommandNode& command : root.commands) {
      if (command.group == group) text += command_section(command);
    }
  }
  return text;
}

template <typename Entries>
std::string entries_section(const char* title, const Entries& entries) {
  std::string text = format(".SH {}\n", title);
  for (const Entry& entry : entries) text += tagged(bold(entry.name), escaped(entry.meaning));
  return text;
}

constexpr const char* description =
    "lifeboat backs up self-hosted services, encrypted with age, into a folder or a bucket, and\n"
    "restores them into scratch to ask whether they work.\n"
    "Data go to standard output, talk goes to standard error;\n"
    "every command takes \\fB\\-\\-json\\fR and \\fB\\-\\-help\\fR.\n";

}  // namespace

std::string manual_page(const CommandNode& root) {
  std::string text =
      ".\\\" made by 'lifeboat man'\n.TH LIFEBOAT 1 \"\" \"lifeboat " LIFEBOAT_VERSION
      "\" \"User Commands\"\n.SH NAME\nlifeboat \\- backups of self\\-hosted services that prove "
      "they restore\n.SH SYNOPSIS\n.B lifeboat\n.I COMMAND\n.RI [ options ]\n.SH DESCRIPTION\n";
  text += description;
  text += ".SH OPTIONS\n";
  for (const OptionInfo& option : root.options) text += described(option);
  text += commands_section(root);
  text += ".SH EXIT STATUS\n";
  for (const ExitCode& code : exit_codes()) {
    text +=
        tagged(bold(format("{}", code.code)), escaped(format("{}: {}", code.name, code.meaning)));
  }
  text += entries_section("ENVIRONMENT", environment);
  text += entries_section("FILES", files);
  return text +
         ".SH SEE ALSO\n.BR age (1),\n.BR zstd (1),\n.BR tar (1),\n.BR crontab (5),\n"
         ".BR systemd.timer (5)\n";
}

}  // namespace lifeboat::cli
