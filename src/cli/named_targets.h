// Who is told, as named on the command line: their secrets are in the environment, as a GitHub
// action has it.
#pragma once

#include <string>

#include "observe/notify/notifier.h"

namespace lifeboat::cli {

// Each throws Error(usage) if the variable is missing, or is not what the configuration would take.
DiscordTarget named_discord();      // LIFEBOAT_DISCORD_WEBHOOK
HeartbeatTarget named_heartbeat();  // LIFEBOAT_HEARTBEAT_URL
// GITHUB_TOKEN, and GITHUB_API_URL if it is set; `repo` is "owner/name".
GithubTarget named_github(const std::string& repo);

}  // namespace lifeboat::cli
