#include "cli/install_request.h"

#include <algorithm>
#include <optional>
#include <string>
#include <variant>

#include "base/error.h"
#include "base/format.h"
#include "cli/discovery.h"
#include "cli/environment_variable.h"
#include "cli/machine.h"
#include "cli/scheduled_runs.h"
#include "cli/telling.h"
#include "config/config.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;

constexpr const char* credentials_variable = "CREDENTIALS_DIRECTORY";

// What is below /run goes with the unit that has it.
fs::path lasting_credentials() {
  const std::string folder = environment_variable(credentials_variable);
  return folder.starts_with("/run/") ? fs::path() : fs::path(folder);
}

void load_as_scheduler(CommandContext& context, const fs::path& credentials) {
  LoadOptions options = context.load_options();
  options.environment_names.clear();
  options.environment = [&](std::string_view name) -> std::optional<std::string> {
    if (name == credentials_variable && !credentials.empty()) return credentials.native();
    if (name == "HOME") return "/root";
    return std::nullopt;
  };
  try {
    load_config(context.config_path(), options);
  } catch (ConfigErrors& errors) {
    errors.add_context("install: runs that start by themselves know nothing of this shell");
    errors.add_hint("Put the variables into env_file; cron and systemd pass no others on.");
    throw;
  }
}

// Of a service: settings that name places.
void add_places(const ServiceConfig& service, std::vector<fs::path>& folders) {
  const Settings& settings = service.settings;
  for (const char* name : {"path", "config_path", "socket"}) {
    if (settings.has(name)) folders.emplace_back(settings.text(name));
  }
  if (service.recipe == "sqlite") folders.push_back(folders.back().parent_path());
  // A file may be a database with others beside it; those of /etc are none.
  if (!settings.has("paths")) return;
  for (const fs::path path : settings.list("paths")) {
    std::error_code error;
    const fs::path folder = fs::is_directory(path, error) ? path : path.parent_path();
    if (folder != "/etc") folders.push_back(folder);
  }
}

}  // namespace

std::vector<fs::path> writable_folders(CommandContext& context) {
  const Config& config = context.config();
  std::vector<fs::path> folders{config.state_dir, config.spool_dir};
  if (const auto* store = std::get_if<DirStoreConfig>(&config.store)) {
    folders.push_back(store->path);
  }
  if (config.metrics.textfile) folders.push_back(*config.metrics.textfile);
  if (config.drill) folders.push_back(config.drill->scratch);
  bool has_volumes = false;
  for (const ServiceConfig& service : config.services) {
    add_places(service, folders);
    has_volumes |= service.settings.has("volume") || service.settings.has("config_volume");
  }
  if (has_volumes) {
    for (const fs::path& folder : volume_folders(context)) folders.push_back(folder);
  }
  std::erase_if(folders, [](const fs::path& path) {
    return !path.is_absolute() || path == "/" || path == "/var/tmp" || path == "/tmp";
  });
  std::sort(folders.begin(), folders.end());
  folders.erase(std::unique(folders.begin(), folders.end()), folders.end());
  return folders;
}

InstallRequest make_install_request(CommandContext& context, SchedulerKind kind,
                                    const fs::path& root) {
  const Config& config = context.config();
  InstallRequest request;
  request.kind = kind;
  request.root = root;
  if (kind == SchedulerKind::systemd) request.credentials = lasting_credentials();
  load_as_scheduler(context, request.credentials);
  request.program = this_program();
  const fs::path path = fs::absolute(context.config_path()).lexically_normal();
  if (path != default_config_path) request.config = path;
  request.default_config = default_config_path;
  request.host = config.host;
  request.runs = scheduled_runs(config);
  request.writable = writable_folders(context);
  request.writes_anywhere = std::any_of(config.jobs.begin(), config.jobs.end(),
                                        [](const JobConfig& job) { return job.labelled; });
  request.state_dir = config.state_dir;
  request.is_background = config.priority == "idle";
  request.tells_failures = reporting_of(config).tells_anybody();
  return request;
}

}  // namespace lifeboat::cli
