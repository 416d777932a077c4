// What cron or systemd needs to start the runs of a request.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "scheduler/scheduler.h"

namespace lifeboat {

struct WantedFile {
  FileChange::Kind kind = FileChange::Kind::file;
  std::filesystem::path path;  // absolute, without the root
  std::string text;            // of a link its target
  uint32_t mode = 0644;
};

// First line of each file: who wrote it, and how to take it back.
inline constexpr std::string_view written_by =
    "# Written by 'lifeboat install'; 'lifeboat uninstall' takes it back. What you change here by "
    "hand\n# stays: neither of them touches this file then.\n";

// Where programs are looked for; cron's own PATH lacks most of it.
inline constexpr std::string_view path_variable =
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// The program, its arguments, and --config unless it is the default.
std::vector<std::string> command_of(const InstallRequest& request, const ScheduledRun& run);

// /etc/cron.d/lifeboat, a log for each run in /var/log/lifeboat, and their rotation. Throws
// Error(config) for a line that a crontab cannot hold.
std::vector<WantedFile> cron_files(const InstallRequest& request);
// A service and an enabled timer for each run; lifeboat-failure@.service.
std::vector<WantedFile> systemd_files(const InstallRequest& request);

}  // namespace lifeboat
