// Who is told, and where metrics go. Sends nothing: 'lifeboat notify test' does.
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/check/check_run.h"
#include "cli/notices.h"
#include "config/config.h"
#include "config/salvage.h"
#include "http/client.h"
#include "observe/host_state.h"

namespace lifeboat::cli {
namespace {

using Level = Finding::Level;

constexpr std::chrono::seconds answer_max{10};

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

// Discord's webhooks all look like this; what is missing of one was lost in copying.
// https://discord.com/developers/docs/resources/webhook
bool is_cut_webhook(const std::string& url) {
  const std::string origin = printable_origin(url);
  if (!origin.ends_with("discord.com") && !origin.ends_with("discordapp.com")) return false;
  const std::vector<std::string> parts = split(url.substr(origin.size()), '/');
  return parts.size() != 5 || parts[1] != "api" || parts[2] != "webhooks" || parts[3].empty() ||
         parts[3].find_first_not_of("0123456789") != std::string::npos || parts[4].empty();
}

// A page that changes nothing. https://github.com/prometheus/pushgateway#management-api
void check_pushgateway(CheckRun& run, const std::string& url) {
  HttpRequest request;
  request.url = url + (url.ends_with('/') ? "-/ready" : "/-/ready");
  request.timeout = answer_max;
  HttpClient client(
      {.kind = ErrorKind::config, .connect_timeout = answer_max, .stop = run.context.stop()});
  const int status = client.send(request).status;
  if (status / 100 != 2) {
    throw Error(ErrorKind::config,
                format("ask the Pushgateway at {}: it answers {}", printable_url(url), status))
        .hint("Give the address of the Pushgateway itself, without /metrics.");
  }
  run.add(ErrorKind::config, "metrics",
          {Level::ok, format("Pushgateway: {}", printable_url(url)), ""});
}

}  // namespace

void check_telling(CheckRun& run) {
  const Config& config = run.config();
  run.guarded(ErrorKind::config, "notify",
              [&] { run.add(ErrorKind::config, "notify", check_notify(config)); });
  run.guarded(ErrorKind::config, "notify", [&] {
    const HostState state = StateFile(config.state_dir, config.host, run.context.random()).load();
    for (const NotifierState& one : state.notifiers) {
      if (!one.dead && !one.failing) continue;
      const std::string key = format("notify.{}", one.name);
      run.add(ErrorKind::config, key, check_notifier(one), key);
    }
  });
  const auto& discord = config.notify.discord;
  if (discord && discord->webhook && is_cut_webhook(std::string(discord->webhook->reveal()))) {
    run.add(ErrorKind::config, "notify.discord",
            {Level::error, "the webhook's URL is not whole",
             "Copy it again: https://discord.com/api/webhooks/NUMBER/TOKEN."},
            "notify.discord");
  }
  if (config.metrics.textfile) {
    run.add(ErrorKind::config, "metrics", check_textfile(*config.metrics.textfile),
            "metrics.textfile");
  }
  if (!config.metrics.pushgateway.empty()) {
    run.guarded(
        ErrorKind::config, "metrics", [&] { check_pushgateway(run, config.metrics.pushgateway); },
        "metrics.pushgateway");
  }
}

}  // namespace lifeboat::cli
