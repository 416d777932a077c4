// Who hears what `watch` saw: the same notifiers as of backups, from the configuration or, where
// there is none, from the environment.
//
// GitHub knows by its open issues what was told before. Others need a memory: with one, the same
// news comes once a day, and "it works again" once; without, bad news comes with each look and good
// news never. https://docs.github.com/actions has no memory between runs.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "cli/context.h"
#include "engine/watch.h"
#include "observe/notice.h"
#include "observe/notify/notifiers.h"

namespace lifeboat::cli {

struct WatchAudience {
  NotifyTargets targets;
  std::optional<std::filesystem::path> state_dir;  // nothing: no memory
};

struct WatchTellingOptions {
  bool discord = false;     // LIFEBOAT_DISCORD_WEBHOOK
  bool heartbeat = false;   // LIFEBOAT_HEARTBEAT_URL
  std::string github_repo;  // GITHUB_TOKEN, and GITHUB_API_URL if it is set
};
// Adds what the options ask for to `targets`. Throws Error(usage) for what is missing.
void add_watch_targets(const WatchTellingOptions& options, NotifyTargets& targets);

// What was seen of one host.
Notice watch_notice(const WatchedHost& host, Timestamp now);
// The store could not be looked at, which hides all: told as a matter of the first host.
Notice store_notice(const std::string& host, const Error& failure, Timestamp now);

// Tells the notices of all hosts; a heartbeat gets one for all. Never throws an Error: what went
// wrong is a warning on stderr. One entry for each message that was tried.
std::vector<Delivery> tell_watch(const std::vector<Notice>& notices, const WatchAudience& audience,
                                 CommandContext& context);

}  // namespace lifeboat::cli
