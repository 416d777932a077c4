// The plan is made by comparing three things for each path: what is wanted, what is there, and what
// an earlier install wrote there. A file that is neither wanted text nor ours has a person behind
// it.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/folder.h"
#include "scheduler/command_line.h"
#include "scheduler/install_record.h"
#include "scheduler/wanted_files.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using Action = FileChange::Action;
using Kind = FileChange::Kind;

constexpr uint32_t private_folder_mode = 0700;
constexpr uint32_t folder_mode = 0755;

bool is_ours(const PathState& now, const RecordedFile& recorded) {
  return now.kind == recorded.kind && now.text == recorded.written;
}

class Planner {
 public:
  explicit Planner(fs::path root) : root_(std::move(root)), record_(load_record(root_)) {
    if (const auto now = look_at(below(root_, record_path))) record_text_ = now->text;
  }

  void want(const WantedFile& wanted);
  void want_folder(const fs::path& path, uint32_t mode);
  // Everything that was written earlier and is not wanted any more.
  void take_back();
  InstallPlan finish();
  // Whether `path` (with the root) holds what an install wrote.
  bool is_unchanged(const fs::path& path) const;

  std::vector<std::string> warnings;

 private:
  RecordedFile* recorded(const fs::path& path);
  void take_back(const RecordedFile& file);
  bool is_emptied(const fs::path& folder) const;
  void change(FileChange one) { plan_.files.push_back(std::move(one)); }
  void plan_record();
  void plan_commands();

  fs::path root_;
  std::vector<RecordedFile> record_;
  std::string record_text_;
  std::set<fs::path> wanted_;
  std::vector<fs::path> dropped_;  // from the record
  bool record_goes_ = false;       // nothing but folders will be left in it
  std::vector<FileChange> folders_to_remove_;
  InstallPlan plan_;
};

RecordedFile* Planner::recorded(const fs::path& path) {
  const auto found = std::find_if(record_.begin(), record_.end(),
                                  [&](const RecordedFile& file) { return file.path == path; });
  return found == record_.end() ? nullptr : &*found;
}

bool Planner::is_unchanged(const fs::path& path) const {
  return std::any_of(record_.begin(), record_.end(), [&](const RecordedFile& file) {
    if (below(root_, file.path) != path) return false;
    const auto now = look_at(path);
    return now && is_ours(*now, file);
  });
}

void Planner::want_folder(const fs::path& path, uint32_t mode) {
  if (path == path.root_path() || !wanted_.insert(path).second) return;
  want_folder(path.parent_path(), folder_mode);
  const fs::path full = below(root_, path);
  if (fs::is_directory(full)) return;
  change({Action::create, Kind::folder, full, "", "", mode});
  if (recorded(path) == nullptr) record_.push_back({path, Kind::folder, "", mode, {}});
}

void Planner::want(const WantedFile& wanted) {
  if (wanted.kind == Kind::folder) return want_folder(wanted.path, wanted.mode);
  want_folder(wanted.path.parent_path(), folder_mode);
  wanted_.insert(wanted.path);
  FileChange one{Action::create, wanted.kind, below(root_, wanted.path), "",
                 wanted.text,    wanted.mode};
  RecordedFile* const ours = recorded(wanted.path);
  const auto now = look_at(one.path);
  if (now && now->kind == Kind::folder) {
    throw Error(ErrorKind::config, format("write '{}': a folder is there", one.path.native()));
  }
  if (now) {
    one.before = now->text;
    const bool is_same = now->kind == wanted.kind && now->text == wanted.text;
    const bool has_mode = now->kind == Kind::link || now->mode == wanted.mode;
    one.action = is_same && has_mode ? Action::keep : Action::change;
    if (is_same && ours == nullptr) return change(std::move(one));  // a person's own
    if (!is_same && ours != nullptr && !is_ours(*now, *ours)) {
      one.action = Action::keep;
      warnings.push_back(format(
          "{} was changed by hand since the last install and stays as it is. Delete it and install "
          "again to have it written anew.",
          one.path.native()));
      return change(std::move(one));
    }
  }
  change(std::move(one));
  RecordedFile& entry = ours != nullptr ? *ours : record_.emplace_back();
  if (ours == nullptr) entry.before = now;
  entry.path = wanted.path;
  entry.kind = wanted.kind;
  entry.written = wanted.text;
  entry.mode = wanted.mode;
}

// Whether nothing is left in it but what goes anyway.
bool Planner::is_emptied(const fs::path& folder) const {
  for (const fs::path& entry : list_folder(folder, ErrorKind::config)) {
    const auto goes = [&](const FileChange& one) {
      return one.action == Action::remove && one.path == entry;
    };
    if (record_goes_ && entry == below(root_, record_path)) continue;
    if (std::none_of(plan_.files.begin(), plan_.files.end(), goes) &&
        std::none_of(folders_to_remove_.begin(), folders_to_remove_.end(), goes)) {
      return false;
    }
  }
  return true;
}

void Planner::take_back(const RecordedFile& file) {
  const fs::path full = below(root_, file.path);
  const auto now = look_at(full);
  dropped_.push_back(file.path);
  if (file.kind == Kind::folder) {
    if (!now || now->kind != Kind::folder) return;
    if (is_emptied(full)) {
      folders_to_remove_.push_back({Action::remove, Kind::folder, full});
    } else {
      warnings.push_back(format("{} stays, since there are files in it.", full.native()));
    }
    return;
  }
  if (now && !is_ours(*now, file)) {
    warnings.push_back(
        format("{} was changed by hand since the last install and stays as it is.", full.native()));
    if (file.before) dropped_.pop_back();  // so that what was there before is not lost
    return;
  }
  if (file.before) {
    const PathState& old = *file.before;
    change({now ? Action::change : Action::create, old.kind, full, now ? now->text : "", old.text,
            old.mode, old.user, old.group});
    return;
  }
  if (now) change({Action::remove, file.kind, full, now->text});
  // When the timer ran last, as systemd noted it.
  const fs::path stamp =
      below(root_, format("/var/lib/systemd/timers/stamp-{}", file.path.filename().native()));
  if (file.kind == Kind::file && file.path.extension() == ".timer" && look_at(stamp)) {
    change({Action::remove, Kind::file, stamp});
  }
}

void Planner::take_back() {
  const std::vector<RecordedFile> all = record_;
  const auto remains = [&](const RecordedFile& file) {
    return file.kind != Kind::folder &&
           std::find(dropped_.begin(), dropped_.end(), file.path) == dropped_.end();
  };
  for (const bool folders : {false, true}) {
    record_goes_ = std::none_of(all.begin(), all.end(), remains);
    for (auto file = all.rbegin(); file != all.rend(); ++file) {
      const bool is_folder = file->kind == Kind::folder;
      if (is_folder == folders && wanted_.count(file->path) == 0) take_back(*file);
    }
  }
  for (const fs::path& path : dropped_) {
    std::erase_if(record_, [&](const RecordedFile& file) { return file.path == path; });
  }
}

void Planner::plan_record() {
  const std::string text = record_.empty() ? "" : print_record(record_);
  if (text == record_text_) return;
  const Action action = text.empty()           ? Action::remove
                        : record_text_.empty() ? Action::create
                                               : Action::change;
  change({action, Kind::record, below(root_, record_path), record_text_, text, 0600});
}

void Planner::plan_commands() {
  std::vector<std::string> stop{"systemctl", "stop"};
  std::vector<std::string> start{"systemctl", "restart"};
  bool has_units = false;
  for (const FileChange& one : plan_.files) {
    const bool is_unit = one.path.parent_path().native().ends_with("/etc/systemd/system");
    if (!is_unit || one.kind != Kind::file || one.action == Action::keep) continue;
    has_units = true;
    if (one.path.extension() != ".timer") continue;
    auto& command = one.action == Action::remove ? stop : start;
    command.push_back(one.path.filename().native());
  }
  if (!has_units || root_ != "/") return;
  std::vector<std::vector<std::string>> commands;
  if (stop.size() > 2) commands.push_back(stop);
  commands.push_back({"systemctl", "daemon-reload"});
  if (start.size() > 2) commands.push_back(start);
  if (runs_systemd()) {
    plan_.commands = std::move(commands);
    return;
  }
  warnings.push_back(
      "Systemd does not run here: the files count from the next start of this machine on.");
}

InstallPlan Planner::finish() {
  plan_record();
  for (FileChange& folder : folders_to_remove_) change(std::move(folder));
  plan_commands();
  plan_.warnings = std::move(warnings);
  return std::move(plan_);
}

// A line for another configuration starts other jobs, whatever they are called.
bool is_for_another(const FoundStart& start, const InstallRequest& request) {
  const std::optional<std::string> config = read_invocation(start.arguments).config;
  if (!config) return false;
  const auto or_default = [&](const fs::path& path) {
    return path.empty() ? request.default_config : path.lexically_normal();
  };
  return or_default(*config) != or_default(request.config);
}

// A line that names no job means the only one.
bool starts(const FoundStart& start, const ScheduledRun& run,
            const std::vector<ScheduledRun>& runs) {
  const auto has = [&](const std::string& word) {
    return std::find(start.arguments.begin(), start.arguments.end(), word) != start.arguments.end();
  };
  if (!start.enabled || start.schedule == "@reboot" || !has(run.arguments[0])) return false;
  if (run.arguments.size() == 1) return true;
  const bool names_a_job = std::any_of(runs.begin(), runs.end(), [&](const ScheduledRun& one) {
    return one.arguments.size() > 1 && has(one.arguments[1]);
  });
  return names_a_job ? has(run.arguments[1]) : true;
}

std::vector<WantedFile> files_of(const InstallRequest& request) {
  return request.kind == SchedulerKind::cron ? cron_files(request) : systemd_files(request);
}

// Without what a person starts already: two at once would be one too many.
void leave_out_started(InstallRequest& request, Planner& planner) {
  const std::vector<WantedFile> wanted = files_of(request);
  const std::vector<ScheduledRun> runs = request.runs;
  for (const FoundStart& start : find_starts(request.root)) {
    const bool is_wanted = std::any_of(wanted.begin(), wanted.end(), [&](const WantedFile& file) {
      return below(request.root, file.path) == start.file;
    });
    if (is_wanted || planner.is_unchanged(start.file)) continue;
    if (is_for_another(start, request)) continue;
    std::erase_if(request.runs, [&](const ScheduledRun& run) {
      if (!starts(start, run, runs)) return false;
      planner.warnings.push_back(
          format("{}:{} starts '{}' already ({}), so it is left out here. Take that away and "
                 "install again to have it started from here.",
                 start.file.native(), start.line, join(run.arguments, " "), start.schedule));
      return true;
    });
  }
}

void need_program(const InstallRequest& request, const char* path, Planner& planner) {
  if (fs::exists(below(request.root, path))) return;
  const fs::path name = fs::path(path).filename();
  planner.warnings.push_back(format("{0} is not installed: apt-get install {0}", name.native()));
}

}  // namespace

bool runs_systemd() {
  std::error_code ignored;
  return fs::is_directory("/run/systemd/system", ignored);
}

bool InstallPlan::changes_anything() const {
  return std::any_of(files.begin(), files.end(),
                     [](const FileChange& one) { return one.action != Action::keep; });
}

InstallPlan plan_install(const InstallRequest& asked) {
  InstallRequest request = asked;
  if (request.runs.empty()) {
    throw Error(ErrorKind::config, "install: there is nothing to start by itself")
        .hint("Give a job a schedule other than manual.");
  }
  ensure(request.program.is_absolute(), "programs are started by their whole path");
  Planner planner(request.root);
  leave_out_started(request, planner);
  if (!request.runs.empty()) {
    for (const WantedFile& file : files_of(request)) planner.want(file);
    if (!request.state_dir.empty()) planner.want_folder(request.state_dir, private_folder_mode);
    planner.want_folder(fs::path(record_path).parent_path(), private_folder_mode);
    if (request.kind == SchedulerKind::cron) {
      need_program(request, "/usr/sbin/cron", planner);
      need_program(request, "/usr/sbin/logrotate", planner);
    }
  }
  planner.take_back();
  return planner.finish();
}

InstallPlan plan_uninstall(const fs::path& root) {
  Planner planner(root);
  std::vector<FoundStart> others = find_starts(root);
  std::erase_if(others, [&](const FoundStart& start) { return planner.is_unchanged(start.file); });
  planner.take_back();
  for (const FoundStart& start : others) {
    planner.warnings.push_back(format("{}:{} still starts '{}', which no install wrote.",
                                      start.file.native(), start.line, join(start.arguments, " ")));
  }
  return planner.finish();
}

}  // namespace lifeboat
