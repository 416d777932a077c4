// From the configuration to what the scheduler is asked to install.
#pragma once

#include <filesystem>
#include <vector>

#include "cli/context.h"
#include "scheduler/scheduler.h"

namespace lifeboat::cli {

// Folders that runs write to: state, metrics, the store if it is a folder, and those of services,
// where SQLite's readers make files. Not /var/tmp, of which a unit has its own.
std::vector<std::filesystem::path> writable_folders(CommandContext& context);

// The configuration is read once more with cron's environment: Error(config) if something of it is
// known in this shell alone.
InstallRequest make_install_request(CommandContext& context, SchedulerKind kind,
                                    const std::filesystem::path& root);

}  // namespace lifeboat::cli
