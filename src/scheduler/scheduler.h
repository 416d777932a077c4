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

#include "base/clock.h"
#include "base/random.h"

namespace lifeboat {

enum class SchedulerKind { cron, systemd };

// Whether this machine was started by systemd, as sd_booted(3) asks.
bool runs_systemd();

// One thing to be started again and again.
struct ScheduledRun {
  std::string name;                    // "backup-nightly", "drill", "prune": its unit, its line
  std::string schedule;                // as config/schedule.h takes it; never "manual"
  std::vector<std::string> arguments;  // behind the program: {"backup", "nightly"}
  // Starts programs of the user's or servers, which may need any right: its unit has no sandbox.
  bool needs_freedom = false;
};

struct InstallRequest {
  SchedulerKind kind = SchedulerKind::systemd;
  std::filesystem::path program;         // absolute
  std::filesystem::path config;          // absolute; empty for the program's default
  std::filesystem::path default_config;  // which that is
  std::string host;  // "hourly", "daily" ...: at a minute that follows from its name
  std::vector<ScheduledRun> runs;
  std::vector<std::filesystem::path> writable;  // folders that runs write to
  bool writes_anywhere = false;       // where, is known at the run only: all but the system's own
  std::filesystem::path state_dir;    // made if it is missing
  std::filesystem::path credentials;  // a folder; each of its files becomes a LoadCredential=
  bool tells_failures = false;        // somebody hears of units that failed
  bool is_background = false;         // `priority: idle`
  std::filesystem::path root = "/";   // below which all files lie; for tests and images
};

struct FileChange {
  enum class Action { create, change, remove, keep };
  enum class Kind { file, link, folder, record };  // record: what was there before any install
  Action action = Action::keep;
  Kind kind = Kind::file;
  std::filesystem::path path;  // with the root
  std::string before = {};     // its text now, of a link its target; empty with `create`
  std::string after = {};      // its text then; empty with `remove`
  uint32_t mode = 0644;
  uint32_t user = 0;  // who owns it then; only as root
  uint32_t group = 0;
};

struct InstallPlan {
  std::vector<FileChange> files;                   // in the order in which they are done
  std::vector<std::vector<std::string>> commands;  // argv lists, after the files
  std::vector<std::string> warnings;               // sentences
  bool changes_anything() const;
};

// Throws Error(config) for what cannot be installed: no run, a path that a crontab cannot hold.
// A run that something else starts already is left out with a warning, and a file that was changed
// by hand since the last install stays as it is.
InstallPlan plan_install(const InstallRequest& request);
// Everything that an install wrote, of either kind, back to what was there before.
InstallPlan plan_uninstall(const std::filesystem::path& root = "/");
// All files or none: what fails puts back what was done. Throws Error(config). A command that fails
// is an Error too, but the files are written then.
void apply_install(const InstallPlan& plan, Random& random, const Clock& clock);

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
