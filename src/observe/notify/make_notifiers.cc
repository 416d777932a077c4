#include "observe/notify/notifier.h"

namespace lifeboat {

std::vector<std::unique_ptr<Notifier>> make_notifiers(const NotifyTargets& targets,
                                                      const NotifyWorld& world) {
  std::vector<std::unique_ptr<Notifier>> made;
  if (targets.webhook) made.push_back(make_webhook_notifier(*targets.webhook, world));
  return made;
}

}  // namespace lifeboat
