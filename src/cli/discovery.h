// What the configuration and the containers' labels say together: which services there are, and
// what on this host they leave out.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"
#include "config/config.h"
#include "engine/backup.h"
#include "engine/discover.h"

namespace lifeboat::cli {

// How the host's engine is reached; works without a configuration.
DockerOptions docker_options(CommandContext& context);

// The services that containers ask for by their labels, faults included; none unless the
// configuration listens to labels.
std::vector<BackupService> labelled_services_of(CommandContext& context);
// All that is configured and labelled, for what compares with or replaces a live one.
std::vector<BackupService> live_services_of(CommandContext& context);
// The request for a job, with the labelled services if it takes them. Throws Error(service) if
// there is nothing at all to back up.
BackupRequest job_request_of(const JobConfig& job, CommandContext& context);

struct DiscoveryScope {
  std::filesystem::path root = "/";  // where known paths begin
  bool with_paths = true;
  Measured sizes = Measured::all;
};
// Works without a configuration: then nothing is covered.
Discovery discover_here(CommandContext& context, const DiscoveryScope& scope);

// Sentences about volumes that nobody protects, for the end of a run; whatever hinders looking, a
// stop as well, is one of them, since the snapshot is safe by then.
std::vector<std::string> uncovered_warnings(CommandContext& context);

// The folders in which engines keep volumes: the usual ones, and those that this one names.
std::vector<std::filesystem::path> volume_folders(CommandContext& context);

}  // namespace lifeboat::cli
