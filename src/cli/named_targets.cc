#include "cli/named_targets.h"

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/environment_variable.h"
#include "config/key_tables.h"

namespace lifeboat::cli {
namespace {

constexpr const char* discord_variable = "LIFEBOAT_DISCORD_WEBHOOK";
constexpr const char* heartbeat_variable = "LIFEBOAT_HEARTBEAT_URL";
constexpr const char* github_url_variable = "GITHUB_API_URL";

void check_value(std::string_view section, std::string_view key, std::string_view value,
                 const std::string& shown) {
  for (const KeySpec& spec : config_section(section).keys) {
    if (spec.name != key || spec.accepts(value)) continue;
    throw Error(ErrorKind::usage, format("{} is not {}", shown, spec.expected));
  }
}

SharedSecret secret_variable(const char* name, std::string_view option, const char* hint) {
  const std::string value = environment_variable(name);
  if (value.empty()) {
    throw Error(ErrorKind::usage, format("{} needs the environment variable {}", option, name))
        .hint(hint);
  }
  log_redact(value);
  return std::make_shared<const Secret>(value);
}

}  // namespace

DiscordTarget named_discord() {
  DiscordTarget target{
      secret_variable(discord_variable, "--discord", "Put the URL of the webhook into it.")};
  check_value("notify.discord", "webhook", target.webhook->reveal(), discord_variable);
  return target;
}

HeartbeatTarget named_heartbeat() {
  HeartbeatTarget target;
  target.url = secret_variable(heartbeat_variable, "--heartbeat", "Put the URL to ping into it.");
  check_value("notify.heartbeat", "url", target.url->reveal(), heartbeat_variable);
  return target;
}

GithubTarget named_github(const std::string& repo) {
  GithubTarget target;
  target.repo = repo;
  target.token = secret_variable(
      "GITHUB_TOKEN", "--github-repo",
      "Put a fine-grained token with the permission Issues: read and write into it, or leave "
      "--github-repo away to use notify.github of the configuration.");
  check_value("notify.github", "repo", repo, format("--github-repo {}", printable(repo)));
  if (const std::string url = environment_variable(github_url_variable); !url.empty()) {
    check_value("notify.github", "api_url", url, github_url_variable);
    target.api_url = url;
  }
  return target;
}

}  // namespace lifeboat::cli
