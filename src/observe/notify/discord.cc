// Messages to a Discord channel by its webhook. With ?wait=true: without it Discord says 204 before
// it has stored the message, and never tells of one that it could not store.
// https://discord.com/developers/docs/resources/webhook#execute-webhook
#include "observe/notify/discord_message.h"
#include "observe/notify/notifier.h"
#include "observe/notify/sender.h"

namespace lifeboat {
namespace {

class Discord final : public Notifier {
 public:
  Discord(DiscordTarget target, const NotifyWorld& world)
      : target_(std::move(target)),
        sender_(
            {.name = "Discord",
             .hint = "Make a new webhook in the channel's settings, under Integrations, and set "
                     "notify.discord.webhook to its URL."},
            world) {}

  std::string_view name() const override { return "discord"; }
  std::string target_id() const override { return hash_settings({target_.webhook->reveal()}); }
  bool wants(const Notice& notice) const override { return is_news(notice, target_.success); }
  void tell(const Notice& notice) override;

 private:
  DiscordTarget target_;
  Sender sender_;
};

void Discord::tell(const Notice& notice) {
  std::string url(target_.webhook->reveal());
  url += url.find('?') == std::string::npos ? "?wait=true" : "&wait=true";  // behind a thread_id
  sender_.send({.method = "POST",
                .url = std::move(url),
                .headers = {{"Content-Type", "application/json"}},
                .body = print_json_line(make_discord_message(notice))});
}

}  // namespace

std::unique_ptr<Notifier> make_discord_notifier(DiscordTarget target, const NotifyWorld& world) {
  return std::make_unique<Discord>(std::move(target), world);
}

}  // namespace lifeboat
