// Whether what the configuration wants to be started is started: by a crontab's line or a timer,
// with this configuration, at that time, with a program that is found in the environment it gets.
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/check/check_run.h"
#include "cli/scheduled_runs.h"
#include "config/schedule.h"
#include "scheduler/command_line.h"
#include "scheduler/install_record.h"
#include "scheduler/when.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

std::string place_of(const FoundStart& start) {
  return start.line == 0 ? printable(start.file.native())
                         : format("{}:{}", printable(start.file.native()), start.line);
}

bool is_program(const fs::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         (status.st_mode & 0111) != 0;
}

// Empty if it is found where it would be started.
std::string program_fault(const FoundStart& start, const fs::path& root) {
  const std::string name = printable(start.program);
  if (start.program.starts_with('/')) {
    return is_program(below(root, start.program)) ? "" : format("there is no program '{}'", name);
  }
  const auto path = start.environment.find("PATH");
  const std::string folders = path == start.environment.end() ? "" : path->second;
  for (const std::string& folder : split(folders, ':')) {
    if (folder.starts_with('/') && is_program(below(root, fs::path(folder) / start.program)))
      return "";
  }
  return format("'{}' is not found there: its PATH is '{}'", name, printable(folders));
}

// "*-*-* 02:00" is "*-*-* 2:0:0": without the zeros that systemd does not need, with all seconds.
std::string plain_calendar(std::string_view value) {
  const auto is_digit = [](char letter) { return letter >= '0' && letter <= '9'; };
  std::string text;
  for (size_t at = 0; at < value.size(); ++at) {
    const bool begins = at == 0 || !is_digit(value[at - 1]);
    const bool goes_on = at + 1 < value.size() && is_digit(value[at + 1]);
    if (!(value[at] == '0' && begins && goes_on)) text += value[at];
  }
  return std::ranges::count(text, ':') == 1 ? text + ":0" : text;
}

// Whether both mean the same times; what cannot be compared is taken as it is.
bool is_at(const FoundStart& start, const ScheduledRun& wanted, const std::string& host) {
  const std::string fields = cron_fields(wanted.schedule, host, wanted.name);
  const bool is_word = wanted.schedule.find_first_of("0123456789") == std::string::npos;
  if (start.kind == SchedulerKind::systemd) {
    const bool is_ours = start.schedule.starts_with("*-*-* ");
    const std::string found = plain_calendar(start.schedule);
    return is_word || !is_ours ||
           std::ranges::any_of(on_calendar(fields), [&](const std::string& value) {
             return plain_calendar(value) == found;
           });
  }
  const auto found = cron_times(start.schedule);
  if (!found) return false;  // "@reboot"
  if (is_word) return longest_gap(start.schedule) == longest_gap(wanted.schedule);
  const auto asked = cron_times(fields);
  return asked && found->minutes == asked->minutes && found->hours == asked->hours &&
         found->days == asked->days && found->months == asked->months &&
         found->weekdays == asked->weekdays;
}

class ScheduleCheck {
 public:
  explicit ScheduleCheck(CheckRun& run) : run_(run), runs_(scheduled_runs(run.config())) {}

  void look() {
    ours_ = fs::weakly_canonical(fs::absolute(run_.context.config_path()));
    for (const FoundStart& start : find_starts(run_.request.root)) sort_in(start);
    for (const ScheduledRun& wanted : runs_) check_one(wanted);
    check_daemons();
    check_overlaps();
  }

 private:
  // Starts with another configuration that is there are another one's.
  void sort_in(const FoundStart& start) {
    const Invocation invocation = read_invocation(start.arguments);
    if (invocation.words.empty()) return;
    const std::string config = invocation.config.value_or(ours_.native());
    const fs::path written = config.empty() ? fs::path(default_config_path) : fs::path(config);
    const fs::path named = below(run_.request.root, written);
    std::error_code ignored;
    const bool is_ours = fs::weakly_canonical(written, ignored) == ours_ ||
                         fs::weakly_canonical(named, ignored) == ours_;
    if (is_ours) {
      run_.starts.push_back(start);
    } else if (!fs::exists(named, ignored)) {
      tell(place_of(start),
           {Level::error,
            format("it starts 'lifeboat {}' with '{}', which does not exist",
                   printable(invocation.words.front()), printable(written.native())),
            format("Write --config {} there, or run 'lifeboat install' again.", ours_.native())});
    }
  }

  std::vector<const FoundStart*> starts_of(const ScheduledRun& wanted) const {
    std::vector<const FoundStart*> found;
    for (const FoundStart& start : run_.starts) {
      std::vector<std::string> words = read_invocation(start.arguments).words;
      if (words == std::vector<std::string>{"backup"} && run_.config().jobs.size() == 1) {
        words.push_back(run_.config().jobs.front().name);
      }
      if (words == wanted.arguments) found.push_back(&start);
    }
    return found;
  }

  void check_one(const ScheduledRun& wanted) {
    const std::string command = format("'lifeboat {}'", join(wanted.arguments, " "));
    const std::string key = wanted.arguments.size() > 1
                                ? format("jobs.{}.schedule", wanted.arguments[1])
                                : format("{}.schedule", wanted.name);
    const auto found = starts_of(wanted);
    if (found.empty()) {
      tell(subject_of(wanted),
           {Level::warning,
            format("neither cron nor a timer starts {} with this configuration", command),
            "Run 'lifeboat install', or call it from cron or a timer."},
           key);
      return;
    }
    bool is_good = false;
    for (const FoundStart* start : found) is_good = check_start(wanted, *start, key) || is_good;
    const bool by_timer = std::ranges::any_of(
        found, [](const FoundStart* one) { return one->kind == SchedulerKind::systemd; });
    if (is_good && by_timer) check_skipped(wanted, key);
    // One that says the day of month and one the day of week belong together.
    const bool is_twice = std::ranges::any_of(
        found, [&](const FoundStart* one) { return one->file != found.front()->file; });
    if (is_twice) {
      tell(subject_of(wanted),
           {Level::warning,
            format("{} is started by {} and by {}", command, place_of(*found.front()),
                   place_of(*found.back())),
            "Keep one of them: the second run of a night finds the lock taken, or backs up again."},
           key);
    }
  }

  bool check_start(const ScheduledRun& wanted, const FoundStart& start, const std::string& key) {
    const std::string subject = subject_of(wanted);
    const std::string by = place_of(start);
    if (const std::string fault = program_fault(start, run_.request.root); !fault.empty()) {
      tell(subject,
           {Level::error, format("{} would start nothing: {}", by, fault),
            "Give the program's whole path there, or a PATH= line above it; 'lifeboat install' "
            "writes both."},
           key);
    } else if (!start.enabled) {
      const std::string timer = printable(start.file.filename().native());
      tell(subject,
           {Level::error, format("the timer {} is not enabled", by),
            format("Run: systemctl enable --now {}", timer)},
           key);
    } else if (!is_at(start, wanted, run_.config().host)) {
      tell(subject,
           {Level::warning,
            format("{} starts it at '{}', the configuration says '{}'", by,
                   printable(start.schedule), wanted.schedule),
            "Run 'lifeboat install' again, or make the two the same: alerts go by the "
            "configuration."},
           key);
    } else {
      tell(subject, {Level::ok, format("started by {} ({})", by, printable(start.schedule)), ""});
      return true;
    }
    return false;
  }

  // Cron makes up for it as soon as the clock was set; systemd does not, Persistent= or not.
  void check_skipped(const ScheduledRun& wanted, const std::string& key) {
    const std::string fields = cron_fields(wanted.schedule, run_.config().host, wanted.name);
    const auto skipped = skipped_start(fields, run_.context.clock().now());
    if (!skipped) return;
    const auto text = [](auto local) { return print_time(Timestamp(local.time_since_epoch())); };
    const std::string begin = text(skipped->begin);
    tell(subject_of(wanted),
         {Level::warning,
          format("the timer leaves out a run on {}: the clock skips {} to {} then",
                 begin.substr(0, 10), begin.substr(11, 5), text(skipped->end).substr(11, 5)),
          "Choose a time outside of these hours, or let the machine have UTC: "
          "timedatectl set-timezone UTC."},
         key);
  }

  // A line for cron starts nothing where no cron runs. Of another root nothing can be said.
  void check_daemons() {
    if (run_.request.root != "/") return;
    const auto uses = [&](SchedulerKind kind) {
      return std::ranges::any_of(run_.starts,
                                 [&](const FoundStart& start) { return start.kind == kind; });
    };
    if (uses(SchedulerKind::systemd) && !runs_systemd()) {
      tell("systemd", {Level::warning, "there are timers, and this machine does not run systemd",
                       "Run 'lifeboat uninstall', then 'lifeboat install --cron'."});
    }
    if (uses(SchedulerKind::cron) && !runs_cron()) {
      tell("cron", {Level::warning, "there are lines for cron, and no cron runs",
                    "Install and start it: apt install cron, systemctl enable --now cron."});
    }
  }

  static bool runs_cron() {
    constexpr std::array<std::string_view, 5> names{"cron", "crond", "cronie", "fcron", "bcron"};
    std::error_code error;
    fs::directory_iterator at("/proc", error);
    for (; !error && at != fs::directory_iterator(); at.increment(error)) {
      std::ifstream file(at->path() / "comm");
      std::string name;
      if (file && std::getline(file, name) && std::ranges::count(names, name) > 0) return true;
    }
    return false;
  }

  // One run of a host at a time: the later of two that begin together is refused.
  void check_overlaps() {
    std::map<std::string, std::string> begins;
    for (const ScheduledRun& one : runs_) {
      const std::string fields = cron_fields(one.schedule, run_.config().host, one.name);
      const auto [known, is_new] = begins.emplace(fields, one.name);
      if (is_new || one.arguments.front() != "backup" || !known->second.starts_with("backup-")) {
        continue;
      }
      tell(subject_of(one),
           {Level::warning,
            format("it begins when {} does, and finds the lock taken", known->second.substr(7)),
            "Let one begin when the other is done, or put their services into one job."},
           format("jobs.{}.schedule", one.arguments.back()));
    }
  }

  static std::string subject_of(const ScheduledRun& wanted) {
    return format("schedule {}", wanted.name);
  }
  void tell(const std::string& subject, Finding finding, std::string_view key = "") {
    run_.add(ErrorKind::config, subject, std::move(finding), key);
  }

  CheckRun& run_;
  std::vector<ScheduledRun> runs_;
  fs::path ours_;
};

}  // namespace

void check_schedule(CheckRun& run) {
  run.guarded(ErrorKind::config, "schedule", [&] { ScheduleCheck(run).look(); });
}

}  // namespace lifeboat::cli
