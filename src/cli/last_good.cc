#include "cli/last_good.h"

#include "cli/environment_variable.h"
#include "cli/machine.h"
#include "io/files.h"
#include "io/own_directory.h"

namespace lifeboat::cli {
namespace {

constexpr std::string_view file_name = "last-good.yaml";

// Where it may lie, if the configuration cannot say so: systemd names the folders of its units.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#RuntimeDirectory=
std::vector<std::filesystem::path> state_dirs(const Reporting& found) {
  std::vector<std::filesystem::path> all;
  if (!found.state_dir.empty()) all.push_back(found.state_dir);
  if (const std::string given = environment_variable("STATE_DIRECTORY"); given.starts_with('/')) {
    all.emplace_back(given.substr(0, given.find(':')));
  }
  all.push_back(Config().state_dir);
  return all;
}

}  // namespace

void keep_last_good(CommandContext& context) {
  const Config& config = context.config();
  make_own_directory(config.state_dir, ErrorKind::config);
  remove_leftovers(config.state_dir, "");  // of each kind of file that is kept there
  AtomicFile file(config.state_dir / file_name, context.random(),
                  {.replace = true, .kind = ErrorKind::config});
  file.write(as_bytes(keep_text(context.config_path(), config)));
  file.finish();
}

Reporting salvage(CommandContext& context) {
  const LoadOptions options = context.load_options();
  Reporting found = salvage_reporting(context.config_path(), options);
  if (found.host.empty() || !found.tells_anybody()) {
    for (const std::filesystem::path& folder : state_dirs(found)) {
      Reporting kept = salvage_kept(folder / file_name, context.config_path(), options);
      if (kept.host.empty()) continue;
      if (found.host.empty()) {
        found.host = kept.host;
        found.state_dir = kept.state_dir;
      }
      if (found.jobs.empty()) found.jobs = kept.jobs;
      if (!found.tells_anybody()) found.notify = kept.notify;
      if (!found.metrics.textfile && found.metrics.pushgateway.empty()) {
        found.metrics = kept.metrics;
      }
      break;
    }
  }
  if (found.host.empty()) found.host = machine_name();
  if (found.state_dir.empty()) found.state_dir = Config().state_dir;
  return found;
}

}  // namespace lifeboat::cli
