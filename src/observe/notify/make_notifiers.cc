#include "observe/notify/notifier.h"

namespace lifeboat {

std::vector<std::unique_ptr<Notifier>> make_notifiers(const NotifyTargets& targets,
                                                      const NotifyWorld& world) {
  std::vector<std::unique_ptr<Notifier>> made;
  if (targets.discord) made.push_back(make_discord_notifier(*targets.discord, world));
  if (targets.github) made.push_back(make_github_notifier(*targets.github, world));
  if (targets.heartbeat) made.push_back(make_heartbeat_notifier(*targets.heartbeat, world));
  if (targets.webhook) made.push_back(make_webhook_notifier(*targets.webhook, world));
  if (targets.smtp) made.push_back(make_smtp_notifier(*targets.smtp, world));
  return made;
}

}  // namespace lifeboat
