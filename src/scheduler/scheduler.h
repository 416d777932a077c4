// What starts runs on this host: cron or systemd timers. Plans their files from schedules, writes
// them and takes them back exactly, and reads what is there, whoever wrote it.
//
// Everything is planned before anything is touched, so that what is shown is what is done. Crontabs
// of users are read and never written: they belong to their users.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

namespace lifeboat {

enum class SchedulerKind { cron, systemd };

// One thing to be started again and again.
struct ScheduledRun {
  std::string name;                    // "backup-nightly", "drill", "prune": its unit, its line
  std::string schedule;                // as config/schedule.h takes it; never "manual"
  std::vector<std::string> arguments;  // behind the program: {"backup", "nightly"}
};

struct InstallRequest {
  SchedulerKind kind = SchedulerKind::systemd;
  std::filesystem::path program;  // absolute
  std::filesystem::path config;   // absolute
  std::string host;               // "hourly", "daily" ...: at a minute that follows from its name
  std::vector<ScheduledRun> runs;
  std::vector<std::filesystem::path> writable;  // folders that runs write to
  std::filesystem::path root = "/";             // below which all files lie; for tests
};

struct FileChange {
  enum class Action { create, change, remove, keep };
  Action action = Action::keep;
  std::filesystem::path path;
  std::string before;  // its text now; empty with `create`
  std::string after;   // its text then; empty with `remove`
  uint32_t mode = 0644;
};

struct InstallPlan {
  std::vector<FileChange> files;
  std::vector<std::vector<std::string>>
      commands;                       // argv lists, after the files; with root "/" only
  std::vector<std::string> warnings;  // sentences
  bool changes_anything() const;
};

// Throws Error(config) for what cannot be installed: no run, a path that a crontab cannot hold.
InstallPlan plan_install(const InstallRequest& request);
// Everything that an install wrote, of either kind, back to what was there before.
InstallPlan plan_uninstall(const std::filesystem::path& root = "/");
// All files or none: what fails puts back what was done. Throws Error(config).
void apply_install(const InstallPlan& plan, const std::filesystem::path& root = "/");

// A crontab's line or a timer that starts the program, whether an install wrote it or a person.
struct FoundStart {
  SchedulerKind kind = SchedulerKind::cron;
  std::filesystem::path file;                      // the crontab or the .timer
  size_t line = 0;                                 // from 1; of a timer its OnCalendar=
  std::string schedule;                            // five fields, or OnCalendar='s value
  std::string user;                                // "root"
  std::string program;                             // as written, perhaps without a folder
  std::vector<std::string> arguments;              // behind it, redirections left out
  std::map<std::string, std::string> environment;  // with which it would be started, PATH among it
  bool enabled = true;                             // a timer that nothing wants never starts
};
// Reads /etc/crontab, /etc/cron.d/*, the users' crontabs and the units below /etc/systemd/system,
// /usr/lib/systemd/system and /lib/systemd/system. What cannot be read is as if it were not there.
std::vector<FoundStart> find_starts(const std::filesystem::path& root = "/");

}  // namespace lifeboat
