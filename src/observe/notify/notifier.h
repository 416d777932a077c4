// Who is told: Discord, GitHub, a heartbeat's URL, any webhook, mail.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/random.h"
#include "base/secret.h"
#include "base/stop.h"
#include "observe/notice.h"

namespace lifeboat {

// The target itself says that it will take nothing more from us (401, 403, 404, 410): it must not
// be tried again until its configuration changes.
class TargetGone final : public Error {
 public:
  explicit TargetGone(std::string message) : Error(ErrorKind::service, std::move(message)) {}
};

// One thread at a time.
class Notifier {
 public:
  virtual ~Notifier() = default;
  // "discord", "github", "heartbeat", "webhook", "smtp": as in the configuration, and a label of
  // metrics.
  virtual std::string_view name() const = 0;
  // Tells one target from another without naming it: 16 hex digits of a hash over all its
  // settings, secrets included.
  virtual std::string target_id() const = 0;
  virtual bool wants(const Notice& notice) const = 0;
  // Delivers within the time that NotifyWorld allows, waits for a rate limit included. Throws
  // TargetGone or another Error(service) without a secret in it.
  virtual void tell(const Notice& notice) = 0;
};

// What notifiers need of the world; all must outlive them. `stop` is not the run's own: an
// interrupted run still has to tell.
struct NotifyWorld {
  Clock& clock;
  Random& random;
  StopToken stop = {};
  std::chrono::milliseconds request_timeout{15'000};
  // The longest wait for a rate limit to end, in all, of one notice.
  std::chrono::seconds wait_max{60};
};

using SharedSecret = std::shared_ptr<const Secret>;

struct DiscordTarget {
  SharedSecret webhook = {};  // URL
  bool success = true;        // told of good runs too
};
struct GithubTarget {
  std::string api_url = "https://api.github.com";
  std::string repo = {};  // "owner/name"
  SharedSecret token = {};
};
struct HeartbeatTarget {
  SharedSecret url = {};
  SharedSecret start_url = {};         // null: url + "/start" if fail_url is null too, else none
  SharedSecret fail_url = {};          // null: url + "/fail"
  std::vector<std::string> jobs = {};  // runs of these jobs alone; empty: of all
  // Whose runs ping it: a good drill must not hide that there was no backup.
  std::string activity = "backup";
};
struct WebhookTarget {
  SharedSecret url = {};
  SharedSecret authorization = {};  // value of the header Authorization; null: none
  bool success = true;
};
struct SmtpTarget {
  std::string url = {};  // "smtps://mail.example.org:465", "smtp://..." (then STARTTLS is demanded,
                         // except to a loopback address)
  std::string username = {};  // empty: no login
  SharedSecret password = {};
  std::string from = {};
  std::vector<std::string> to = {};
  bool success = false;
};
struct NotifyTargets {
  std::optional<DiscordTarget> discord = {};
  std::optional<GithubTarget> github = {};
  std::optional<HeartbeatTarget> heartbeat = {};
  std::optional<WebhookTarget> webhook = {};
  std::optional<SmtpTarget> smtp = {};
};

std::unique_ptr<Notifier> make_discord_notifier(DiscordTarget target, const NotifyWorld& world);
std::unique_ptr<Notifier> make_github_notifier(GithubTarget target, const NotifyWorld& world);
std::unique_ptr<Notifier> make_heartbeat_notifier(HeartbeatTarget target, const NotifyWorld& world);
std::unique_ptr<Notifier> make_webhook_notifier(WebhookTarget target, const NotifyWorld& world);
std::unique_ptr<Notifier> make_smtp_notifier(SmtpTarget target, const NotifyWorld& world);
// Those that are configured, in the order above.
std::vector<std::unique_ptr<Notifier>> make_notifiers(const NotifyTargets& targets,
                                                      const NotifyWorld& world);

}  // namespace lifeboat
