#include "cli/checks_telling.h"

#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/notices.h"
#include "config/config.h"
#include "config/salvage.h"
#include "observe/host_state.h"
#include "observe/run_mark.h"

namespace lifeboat::cli {
namespace {

using Level = Finding::Level;

Finding check_notify(const Config& config) {
  const std::vector<std::string> names = reporting_of(config).notifiers();
  if (names.empty()) {
    return {Level::warning, "nobody is told of a backup that fails",
            "Add a notify section; docs/NOTIFY.md has examples."};
  }
  return {Level::ok, format("{} (not tried)", join(names, ", ")),
          "'lifeboat notify test' sends a test."};
}

Finding check_textfile(const std::filesystem::path& folder) {
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored)) {
    return {Level::error, format("textfile: there is no folder '{}'", printable(folder.native())),
            "Make it, and give it to node_exporter: --collector.textfile.directory."};
  }
  if (::access(folder.c_str(), W_OK | X_OK) != 0) {
    const Error error = system_error(
        ErrorKind::config, format("textfile: write to '{}'", printable(folder.native())), errno);
    return {Level::error, error.what(), "Let the user that runs backups write to it."};
  }
  return {Level::ok, format("textfile: '{}'", printable(folder.native())), ""};
}

Finding check_notifier(const NotifierState& state) {
  const std::string cause = printable(state.error);
  if (state.dead) {
    return {Level::error, format("it takes nothing more from us: {}", cause),
            "Give it a new target, then run 'lifeboat notify test'."};
  }
  return {Level::warning, format("it failed the last time: {}", cause),
          "'lifeboat notify test' tries it again."};
}

}  // namespace

std::vector<CheckFinding> check_telling(CommandContext& context) {
  const Config& config = context.config();
  std::vector<CheckFinding> findings;
  const auto add = [&](const std::string& subject, Finding finding) {
    findings.push_back({ErrorKind::config, subject, std::move(finding)});
  };
  add("notify", check_notify(config));
  if (config.metrics.textfile) add("metrics", check_textfile(*config.metrics.textfile));
  const HostState state = StateFile(config.state_dir, config.host, context.random()).load();
  for (const NotifierState& one : state.notifiers) {
    if (one.dead || one.failing) add(format("notify.{}", one.name), check_notifier(one));
  }
  for (const KilledRun& run : killed_runs(config.state_dir, config.host)) {
    add("runs", {Level::warning, killed_notice({run}).problems.front().cause,
                 "The next run tells it to whoever is configured."});
  }
  return findings;
}

}  // namespace lifeboat::cli
