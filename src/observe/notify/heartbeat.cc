// Pings of a dead-man's switch, in the way of healthchecks.io: URL/start, URL after a good run,
// URL/fail, each with a few lines of text. It is told of one activity alone, backups as a rule: a
// good drill must not hide that there was no backup.
// https://healthchecks.io/docs/http_api/
//
// Others know no such paths: Uptime Kuma has ?status=down instead, and older ones take GET alone.
// So a URL with a query is asked by GET, and where fail_url is set there is a start only with
// start_url. None of them is ever given up as dead: a monitor that is paused in Kuma says 404 too,
// and a ping a night is no burden.
#include <algorithm>

#include "base/text.h"
#include "observe/notify/notice_text.h"
#include "observe/notify/notifier.h"
#include "observe/notify/sender.h"

namespace lifeboat {
namespace {

// `url` with `path` behind its own and before a query.
std::string append_path(std::string_view url, std::string_view path) {
  const size_t end = std::min(url.find_first_of("?#"), url.size());
  std::string appended(url.substr(0, end));
  if (appended.ends_with('/')) appended.pop_back();
  appended += path;
  appended += url.substr(end);
  return appended;
}

class Heartbeat final : public Notifier {
 public:
  Heartbeat(HeartbeatTarget target, const NotifyWorld& world)
      : target_(std::move(target)),
        sender_({.name = "the heartbeat",
                 .hint = "Correct notify.heartbeat.url. A service that does not know /start and "
                         "/fail, such as Uptime Kuma, needs notify.heartbeat.fail_url.",
                 .can_be_gone = false},
                world) {}

  std::string_view name() const override { return "heartbeat"; }
  std::string target_id() const override {
    return hash_settings(
        {target_.url->reveal(), reveal(target_.start_url), reveal(target_.fail_url)});
  }
  bool wants(const Notice& notice) const override;
  void tell(const Notice& notice) override;

 private:
  std::string url_for(const Notice& notice) const;

  HeartbeatTarget target_;
  Sender sender_;
};

bool Heartbeat::wants(const Notice& notice) const {
  const bool is_its_job =
      target_.jobs.empty() ||
      std::find(target_.jobs.begin(), target_.jobs.end(), notice.job) != target_.jobs.end();
  const bool has_start = target_.start_url || !target_.fail_url;
  return notice.activity == target_.activity && is_its_job &&
         (notice.kind != NoticeKind::started || has_start);
}

std::string Heartbeat::url_for(const Notice& notice) const {
  const auto chosen = [this](const SharedSecret& own, std::string_view path) {
    return own ? std::string(own->reveal()) : append_path(target_.url->reveal(), path);
  };
  if (notice.kind == NoticeKind::started) return chosen(target_.start_url, "/start");
  const bool is_bad = notice.kind == NoticeKind::failure || !notice.problems.empty();
  return is_bad ? chosen(target_.fail_url, "/fail") : std::string(target_.url->reveal());
}

void Heartbeat::tell(const Notice& notice) {
  HttpRequest request{.url = url_for(notice)};
  if (request.url.find('?') == std::string::npos) {
    constexpr size_t text_max = 8000;
    request.method = "POST";
    request.headers = {{"Content-Type", "text/plain; charset=utf-8"}};
    request.body = shorten(one_line(notice.title) + "\n" + print_plain(notice), text_max);
  }
  sender_.send(std::move(request));
}

}  // namespace

std::unique_ptr<Notifier> make_heartbeat_notifier(HeartbeatTarget target,
                                                  const NotifyWorld& world) {
  return std::make_unique<Heartbeat>(std::move(target), world);
}

}  // namespace lifeboat
