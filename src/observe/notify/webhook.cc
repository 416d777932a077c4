// A notice as JSON, by POST to any URL: for n8n, a chat of one's own, a script. The names in it are
// a format (docs/NOTIFY.md): they are added to, never changed, within a version.
#include "base/json.h"
#include "observe/notify/notifier.h"
#include "observe/notify/sender.h"

namespace lifeboat {
namespace {

Json json_of(const Notice& notice) {
  Json json{{"version", 1},
            {"kind", notice_kind_name(notice.kind)},
            {"host", notice.host},
            {"activity", notice.activity},
            {"job", notice.job},
            {"title", notice.title},
            {"time", print_time(notice.time)},
            {"recovery", notice.is_recovery}};
  json["problems"] = Json::array();
  for (const Problem& problem : notice.problems) {
    json["problems"].push_back({{"id", problem.id},
                                {"title", problem.title},
                                {"cause", problem.cause},
                                {"hints", problem.hints}});
  }
  json["resolved"] = notice.resolved;
  json["facts"] = Json::object();
  for (const NoticeFact& fact : notice.facts) json["facts"][fact.name] = fact.value;
  json["warnings"] = notice.warnings;
  return json;
}

class Webhook final : public Notifier {
 public:
  Webhook(WebhookTarget target, const NotifyWorld& world)
      : target_(std::move(target)),
        sender_({.name = "the webhook",
                 .hint = "Correct notify.webhook.url or notify.webhook.authorization."},
                world) {}

  std::string_view name() const override { return "webhook"; }
  std::string target_id() const override {
    return hash_settings({target_.url->reveal(), reveal(target_.authorization)});
  }
  bool wants(const Notice& notice) const override { return is_news(notice, target_.success); }
  void tell(const Notice& notice) override;

 private:
  WebhookTarget target_;
  Sender sender_;
};

void Webhook::tell(const Notice& notice) {
  HttpRequest request{.method = "POST",
                      .url = std::string(target_.url->reveal()),
                      .headers = {{"Content-Type", "application/json"}},
                      .body = print_json_line(json_of(notice))};
  if (target_.authorization) {
    request.headers.emplace_back("Authorization", target_.authorization->reveal());
  }
  sender_.send(std::move(request));
}

}  // namespace

std::unique_ptr<Notifier> make_webhook_notifier(WebhookTarget target, const NotifyWorld& world) {
  return std::make_unique<Webhook>(std::move(target), world);
}

}  // namespace lifeboat
