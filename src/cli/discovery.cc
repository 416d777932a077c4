#include "cli/discovery.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "cli/job_request.h"
#include "engine/labels.h"
#include "engine/uncovered.h"

namespace lifeboat::cli {
namespace {

std::optional<std::string> from_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

void add_services(DiscoverRequest& request, CommandContext& context) {
  const Config& config = context.config();
  for (const ServiceConfig& service : config.services) {
    CoveringService covering{service_of(service), {}};
    for (const JobConfig& job : config.jobs) {
      if (std::find(job.services.begin(), job.services.end(), service.name) != job.services.end()) {
        covering.jobs.push_back(job.name);
      }
    }
    request.services.push_back(std::move(covering));
  }
  for (const BackupService& labelled : labelled_services_of(context)) {
    if (!labelled.fault.empty()) continue;
    CoveringService covering{labelled.service, {}};
    for (const JobConfig& job : config.jobs) {
      if (job.labelled) covering.jobs.push_back(job.name);
    }
    request.services.push_back(std::move(covering));
  }
  request.skip = config.discover.skip;
  request.own = {config.spool_dir, config.state_dir};
  // A folder for everything temporary is not ours alone.
  std::erase(request.own, "/var/tmp");
  if (const auto* folder = std::get_if<DirStoreConfig>(&config.store)) {
    request.own.push_back(folder->path);
  }
}

}  // namespace

DockerOptions docker_options(CommandContext& context) {
  DockerOptions options;
  options.stop = context.stop();
  if (context.has_config()) options.socket = context.config().docker.socket;
  return options;
}

std::vector<BackupService> labelled_services_of(CommandContext& context) {
  const Config& config = context.config();
  if (!config.docker.labels) return {};
  LabelRequest request{context.recipes(), from_environment, {}};
  for (const ServiceConfig& service : config.services) request.names_taken.insert(service.name);
  return labelled_services(docker_options(context), context.clock(), request);
}

std::vector<BackupService> live_services_of(CommandContext& context) {
  std::vector<BackupService> all;
  for (const ServiceConfig& service : context.config().services) {
    all.push_back(backup_service_of(service));
  }
  std::vector<BackupService> labelled = labelled_services_of(context);
  std::move(labelled.begin(), labelled.end(), std::back_inserter(all));
  return all;
}

BackupRequest job_request_of(const JobConfig& job, CommandContext& context) {
  BackupRequest request = make_backup_request(context.config(), job);
  if (job.labelled) {
    std::vector<BackupService> labelled = labelled_services_of(context);
    std::move(labelled.begin(), labelled.end(), std::back_inserter(request.services));
  }
  if (request.services.empty()) {
    throw Error(
        ErrorKind::service,
        format("back up job '{}': no container carries the label {}=true", job.name, enable_label))
        .hint("Label a container, or name services in the configuration.");
  }
  return request;
}

Discovery discover_here(CommandContext& context, const DiscoveryScope& scope) {
  DiscoverRequest request;
  request.docker = docker_options(context);
  request.root = scope.root;
  request.with_paths = scope.with_paths;
  request.sizes = scope.sizes;
  if (context.has_config()) add_services(request, context);
  return discover(request, context.recipes(), context.clock());
}

std::vector<std::string> uncovered_warnings(CommandContext& context) {
  if (!Docker::is_present(docker_options(context))) return {};
  try {
    const Discovery found =
        discover_here(context, {.with_paths = false, .sizes = Measured::not_covered});
    return tell_uncovered(found, context.config().state_dir, context.clock(), context.random());
  } catch (const Error& error) {
    return {redact(format("uncovered volumes were not looked for: {}", error.what()))};
  } catch (const Interrupted& stop) {
    return {format("uncovered volumes were not looked for: {}", stop.what())};
  }
}

std::vector<std::filesystem::path> volume_folders(CommandContext& context) {
  std::vector<std::filesystem::path> folders{"/var/lib/docker/volumes",
                                             "/var/lib/containers/storage/volumes"};
  const DockerOptions options = docker_options(context);
  if (!Docker::is_present(options)) return folders;
  try {
    for (const DockerVolume& volume : Docker(options, context.clock()).volumes()) {
      // "/data/docker/volumes/NAME/_data"
      if (volume.mountpoint.is_absolute()) {
        folders.push_back(volume.mountpoint.parent_path().parent_path());
      }
    }
  } catch (const Error& error) {
    log_debug("{}", error.what());
  }
  return folders;
}

}  // namespace lifeboat::cli
