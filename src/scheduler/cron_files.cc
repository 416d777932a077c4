// One file below /etc/cron.d, as Debian's cron wants it: a name without a dot, a user in each line,
// a line end behind the last.
// https://manpages.debian.org/bookworm/cron/cron.8.en.html
#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "scheduler/wanted_files.h"
#include "scheduler/when.h"

namespace lifeboat {
namespace {

constexpr std::string_view log_folder = "/var/log/lifeboat";
constexpr size_t line_bytes_max = 998;  // MAX_COMMAND of Debian's cron

// For /bin/sh behind cron, to which a '%' ends the command.
std::string quoted(const std::string& word) {
  constexpr std::string_view plain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:@+=,";
  if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
  std::string text = "'";
  for (const char byte : word) {
    if (byte == '\'') {
      text += "'\\''";
    } else if (byte == '%') {
      text += "'\\%'";  // cron takes the backslash away, outside of what the shell quotes
    } else {
      text += byte;
    }
  }
  return text + "'";
}

std::string line_of(const InstallRequest& request, const ScheduledRun& run) {
  std::string command;
  for (const std::string& word : command_of(request, run)) {
    if (word.find_first_of(std::string_view("\n\r\0", 3)) != std::string::npos) {
      throw Error(ErrorKind::config, format("install '{}': a crontab cannot hold a path with a "
                                            "line end in it",
                                            printable(word)));
    }
    command += quoted(word) + " ";
  }
  if (command.size() > line_bytes_max - log_folder.size() - run.name.size() - 20) {
    throw Error(ErrorKind::config,
                format("install '{}': the command is too long for a crontab", run.name))
        .hint("Give program and configuration shorter paths.");
  }
  return format("{} root {}>> {}/{}.log 2>&1\n", cron_fields(run.schedule, request.host, run.name),
                command, log_folder, run.name);
}

constexpr std::string_view rotation = R"(/var/log/lifeboat/*.log {
    monthly
    maxsize 10M
    rotate 12
    compress
    delaycompress
    missingok
    notifempty
    nocreate
}
)";

}  // namespace

std::vector<std::string> command_of(const InstallRequest& request, const ScheduledRun& run) {
  std::vector<std::string> words{request.program.native()};
  words.insert(words.end(), run.arguments.begin(), run.arguments.end());
  if (!request.config.empty()) words.insert(words.end(), {"--config", request.config.native()});
  return words;
}

std::vector<WantedFile> cron_files(const InstallRequest& request) {
  std::string crontab = format(
      "{}# Times are the machine's own. What the runs say: {}\n"
      "SHELL=/bin/sh\n{}\nHOME=/root\n\n",
      written_by, log_folder, path_variable);
  for (const ScheduledRun& run : request.runs) crontab += line_of(request, run);
  using Kind = FileChange::Kind;
  return {{Kind::folder, log_folder, "", 0700},
          {Kind::file, "/etc/logrotate.d/lifeboat", format("{}{}", written_by, rotation)},
          {Kind::file, "/etc/cron.d/lifeboat", crontab}};
}

}  // namespace lifeboat
