// Mail. Each address gets its own, so that one that is refused keeps nothing from the others; the
// login's refusal is the end (each further try would count against the account).
#include "base/format.h"
#include "http/client.h"
#include "http/mail.h"
#include "observe/notify/mail_message.h"
#include "observe/notify/notifier.h"
#include "observe/notify/sender.h"

namespace lifeboat {
namespace {

class Smtp final : public Notifier {
 public:
  Smtp(SmtpTarget target, const NotifyWorld& world) : target_(std::move(target)), world_(world) {}

  std::string_view name() const override { return "smtp"; }
  std::string target_id() const override;
  bool wants(const Notice& notice) const override { return is_news(notice, target_.success); }
  void tell(const Notice& notice) override;

 private:
  void send(const std::string& to, const std::string& message);

  SmtpTarget target_;
  const NotifyWorld& world_;
};

std::string Smtp::target_id() const {
  std::vector<std::string_view> settings{target_.url, target_.username, reveal(target_.password),
                                         target_.from};
  settings.insert(settings.end(), target_.to.begin(), target_.to.end());
  return hash_settings(settings);
}

void Smtp::send(const std::string& to, const std::string& message) {
  const MailRequest request{.url = target_.url,
                            .demands_starttls = !is_loopback_url(target_.url),
                            .username = target_.username,
                            .password = reveal(target_.password),
                            .from = target_.from,
                            .to = to,
                            .message = message,
                            .timeout = world_.request_timeout,
                            .stop = world_.stop};
  try_again(world_, [&] { send_mail(request); });
}

void Smtp::tell(const Notice& notice) {
  const std::string domain = target_.from.substr(target_.from.rfind('@') + 1);
  const std::string message =
      make_mail({.from = target_.from,
                 .to = target_.to,
                 .id = format("{}@{}", random_hex(world_.random, 16), domain)},
                notice);
  std::vector<std::string> refusals;
  for (const std::string& to : target_.to) {
    try {
      send(to, message);
    } catch (const MailRefused& refused) {
      if (refused.refused() == MailRefused::What::login) {
        TargetGone gone(refused.what());
        gone.add_hint("Correct notify.smtp.username and notify.smtp.password.");
        throw gone;
      }
      if (refused.refused() != MailRefused::What::recipient) throw;
      refusals.emplace_back(refused.what());
    }
  }
  if (refusals.empty()) return;
  throw Error(ErrorKind::service, format("{}", join(refusals, "; ")))
      .hint("Correct notify.smtp.to; all other addresses got the mail.");
}

}  // namespace

std::unique_ptr<Notifier> make_smtp_notifier(SmtpTarget target, const NotifyWorld& world) {
  return std::make_unique<Smtp>(std::move(target), world);
}

}  // namespace lifeboat
