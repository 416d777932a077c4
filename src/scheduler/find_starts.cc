// Reads what cron and systemd read, in their places. A script that a line starts is read too: many
// people keep the program behind one.
#include <algorithm>
#include <array>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "config/schedule.h"
#include "io/files.h"
#include "scheduler/command_line.h"
#include "scheduler/scheduler.h"
#include "scheduler/unit_file.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using Environment = std::map<std::string, std::string>;

constexpr uint64_t file_bytes_max = 1 << 20;

// Empty for what cannot be read.
std::string text_of(const fs::path& path) {
  std::error_code error;
  if (!fs::is_regular_file(path, error)) return "";
  try {
    return read_file(path, file_bytes_max);
  } catch (const Error& unreadable) {
    log_debug("{}", unreadable.what());
    return "";
  }
}

// Sorted; none of a folder that cannot be read.
std::vector<fs::path> entries_of(const fs::path& folder) {
  std::vector<fs::path> entries;
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (; !error && at != fs::directory_iterator(); at.increment(error)) {
    entries.push_back(at->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

class Finder {
 public:
  explicit Finder(const fs::path& root) : root_(root) {}

  std::vector<FoundStart> find() {
    read_crontab(root_ / "etc/crontab", "");
    for (const fs::path& file : entries_of(root_ / "etc/cron.d")) {
      if (is_cron_name(file.filename().native())) read_crontab(file, "");
    }
    for (const fs::path& file : entries_of(root_ / "var/spool/cron/crontabs")) {
      read_crontab(file, file.filename().native());
    }
    read_timers();
    return std::move(found_);
  }

 private:
  // Debian's cron passes over all others, among them what an editor or a package left.
  static bool is_cron_name(const std::string& name) {
    return name.find_first_not_of(
               "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") ==
           std::string::npos;
  }

  std::string home_of(const std::string& user) const {
    for (const std::string& line : split(text_of(root_ / "etc/passwd"), '\n')) {
      const std::vector<std::string> fields = split(line, ':');
      if (fields.size() > 5 && fields[0] == user) return fields[5];
    }
    return user == "root" ? "/root" : "";
  }

  void read_crontab(const fs::path& file, const std::string& owner);
  void read_crontab_line(std::string_view line, const Environment& set, FoundStart start);
  std::optional<StartedProgram> started_by(std::string_view command) const;
  void read_timers();
  void read_timer(const std::string& name);
  fs::path unit_path(const std::string& name) const;
  std::vector<UnitEntry> read_unit(const std::string& name) const;
  bool is_wanted(const std::string& name) const;
  void add_service(const std::string& service, const std::vector<UnitEntry>& times,
                   FoundStart start);

  const fs::path& root_;
  std::vector<FoundStart> found_;
};

// The program, or a script that starts it.
std::optional<StartedProgram> Finder::started_by(std::string_view command) const {
  if (auto started = find_program(command)) return started;
  for (const std::string& word : split(command, ' ')) {
    if (!word.starts_with('/')) continue;
    const std::string text = text_of(root_ / word.substr(1));
    if (!text.starts_with("#!")) continue;
    if (auto started = find_program(text)) return started;
  }
  return {};
}

// "A = b", quotes around either taken away.
std::optional<std::pair<std::string, std::string>> crontab_variable(std::string_view line) {
  const size_t equals = line.find('=');
  if (equals == std::string_view::npos || line[0] == '*' || line[0] == '@' ||
      (line[0] >= '0' && line[0] <= '9')) {
    return {};
  }
  const auto bare = [](std::string_view text) {
    text = trim(text);
    const bool is_quoted =
        text.size() > 1 && (text[0] == '"' || text[0] == '\'') && text.back() == text[0];
    return std::string(is_quoted ? text.substr(1, text.size() - 2) : text);
  };
  return std::pair(bare(line.substr(0, equals)), bare(line.substr(equals + 1)));
}

void Finder::read_crontab(const fs::path& file, const std::string& owner) {
  Environment set;
  size_t number = 0;
  for (const std::string& raw : split(text_of(file), '\n')) {
    ++number;
    const std::string_view line = trim(raw);
    if (line.empty() || line.starts_with('#')) continue;
    if (auto variable = crontab_variable(line)) {
      set.insert_or_assign(variable->first, variable->second);
      continue;
    }
    FoundStart start;
    start.file = file;
    start.line = number;
    start.user = owner;
    read_crontab_line(line, set, std::move(start));
  }
}

// The next word; `line` begins behind it then.
std::string take_word(std::string_view& line) {
  line = trim(line);
  const size_t end = std::min(line.find_first_of(" \t"), line.size());
  const std::string word(line.substr(0, end));
  line = trim(line.substr(end));
  return word;
}

// https://manpages.debian.org/bookworm/cron/crontab.5.en.html
std::string take_schedule(std::string_view& line) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> nicknames{
      {{"@yearly", "0 0 1 1 *"},
       {"@annually", "0 0 1 1 *"},
       {"@monthly", "0 0 1 * *"},
       {"@weekly", "0 0 * * 0"},
       {"@daily", "0 0 * * *"},
       {"@midnight", "0 0 * * *"},
       {"@hourly", "0 * * * *"}}};
  std::string schedule = take_word(line);
  if (schedule.starts_with('@')) {
    for (const auto& [nickname, fields] : nicknames) {
      if (schedule == nickname) return std::string(fields);
    }
    return schedule;  // "@reboot"
  }
  for (int field = 1; field < 5; ++field) schedule += " " + take_word(line);
  return schedule;
}

// A '%' ends the command: what is behind it is its input.
std::string crontab_command(std::string_view text) {
  std::string command;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '%') break;
    if (text.substr(at, 2) == "\\%") ++at;
    command += text[at];
  }
  return command;
}

void Finder::read_crontab_line(std::string_view line, const Environment& set, FoundStart start) {
  start.schedule = take_schedule(line);
  if (start.schedule != "@reboot" && !cron_times(start.schedule)) return;
  if (start.user.empty()) start.user = take_word(line);
  const auto started = started_by(crontab_command(line));
  if (!started) return;
  start.program = started->program;
  start.arguments = started->arguments;
  start.environment = {{"SHELL", "/bin/sh"},
                       {"PATH", "/usr/bin:/bin"},
                       {"LOGNAME", start.user},
                       {"HOME", home_of(start.user)}};
  for (const auto* more : {&set, &started->environment}) {
    for (const auto& [name, value] : *more) start.environment.insert_or_assign(name, value);
  }
  found_.push_back(std::move(start));
}

// The first wins over the others.
constexpr std::array<const char*, 3> unit_folders{"etc/systemd/system", "usr/lib/systemd/system",
                                                  "lib/systemd/system"};

// Of "backup@nightly.timer" the template is "backup@.timer". Empty if there is no such unit; a
// masked one is a link to /dev/null.
fs::path Finder::unit_path(const std::string& name) const {
  std::vector<std::string> names{name};
  const size_t at = name.find('@');
  if (at != std::string::npos) {
    names.push_back(name.substr(0, at + 1) + name.substr(name.rfind('.')));
  }
  for (const std::string& one : names) {
    for (const char* folder : unit_folders) {
      std::error_code error;
      const fs::path path = root_ / folder / one;
      if (fs::is_symlink(path, error) && fs::read_symlink(path, error) == "/dev/null") return {};
      if (fs::exists(path, error)) return path;
    }
  }
  return {};
}

std::vector<UnitEntry> Finder::read_unit(const std::string& name) const {
  std::vector<UnitEntry> entries = parse_unit(text_of(unit_path(name)));
  for (const char* folder : unit_folders) {
    for (const fs::path& drop_in : entries_of(root_ / folder / (name + ".d"))) {
      if (drop_in.extension() != ".conf") continue;
      for (UnitEntry& entry : parse_unit(text_of(drop_in))) {
        entry.line = 0;
        entries.push_back(std::move(entry));
      }
    }
  }
  return entries;
}

// Whether anything pulls it in at the start; `systemctl enable` makes such links.
bool Finder::is_wanted(const std::string& name) const {
  for (const char* folder : unit_folders) {
    for (const fs::path& wants : entries_of(root_ / folder)) {
      const fs::path extension = wants.extension();
      if (extension != ".wants" && extension != ".requires") continue;
      if (fs::is_symlink(fs::symlink_status(wants / name))) return true;
    }
  }
  return false;
}

void Finder::read_timers() {
  std::set<std::string> names;
  for (const char* folder : unit_folders) {
    for (const fs::path& path : entries_of(root_ / folder)) {
      if (path.extension() == ".timer" && !path.stem().native().ends_with('@')) {
        names.insert(path.filename().native());
      }
      if (path.extension() != ".wants") continue;
      for (const fs::path& wanted : entries_of(path)) {
        if (wanted.extension() == ".timer") names.insert(wanted.filename().native());
      }
    }
  }
  for (const std::string& name : names) read_timer(name);
}

void Finder::read_timer(const std::string& name) {
  FoundStart start;
  start.kind = SchedulerKind::systemd;
  start.file = unit_path(name);
  if (start.file.empty()) return;
  const std::vector<UnitEntry> timer = read_unit(name);
  start.enabled = is_wanted(name);
  std::string service = unit_value(timer, "Timer", "Unit");
  if (service.empty()) service = name.substr(0, name.rfind('.')) + ".service";
  add_service(service, unit_values(timer, "Timer", "OnCalendar"), std::move(start));
}

// "%i" is what stands behind the '@', "%%" a '%'; no other specifier matters here.
std::string without_specifiers(const std::string& value, const std::string& unit) {
  const size_t at = unit.find('@');
  const std::string instance =
      at == std::string::npos ? "" : unit.substr(at + 1, unit.rfind('.') - at - 1);
  std::string text;
  for (size_t i = 0; i < value.size(); ++i) {
    const char next = value[i] == '%' && i + 1 < value.size() ? value[i + 1] : '\0';
    if (next != 'i' && next != 'I' && next != '%') {
      text += value[i];
      continue;
    }
    text += next == '%' ? "%" : instance;
    ++i;
  }
  return text;
}

void Finder::add_service(const std::string& service, const std::vector<UnitEntry>& times,
                         FoundStart start) {
  const std::vector<UnitEntry> unit = read_unit(service);
  for (const UnitEntry& entry : unit_values(unit, "Service", "ExecStart")) {
    const std::string command = without_specifiers(entry.value, service);
    const auto started =
        started_by(command.substr(std::min(command.find_first_not_of("@-:+!"), command.size())));
    if (!started) continue;
    start.program = started->program;
    start.arguments = started->arguments;
    start.user = unit_value(unit, "Service", "User");
    start.environment = {{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"}};
    if (!start.user.empty()) start.environment.insert({"HOME", home_of(start.user)});
    if (start.user.empty()) start.user = "root";
    for (const UnitEntry& set : unit_values(unit, "Service", "Environment")) {
      for (auto& [name, value] : assignments_of(set.value)) {
        start.environment.insert_or_assign(name, value);
      }
    }
    for (const auto& [name, value] : started->environment) {
      start.environment.insert_or_assign(name, value);
    }
    for (const UnitEntry& time : times) {
      start.schedule = time.value;
      start.line = time.line;
      found_.push_back(start);
    }
    return;
  }
}

}  // namespace

std::vector<FoundStart> find_starts(const fs::path& root) { return Finder(root).find(); }

}  // namespace lifeboat
