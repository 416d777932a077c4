// A strict stand-in for Discord's webhooks: refuses what the real one refuses, with its error JSON,
// and can be in every trouble that the real one has. It counts characters as UTF-16 units, never
// fewer than the code points that Discord counts. Mentions must be off in all but Alertmanager's
// messages, which cannot do so.
// https://discord.com/developers/docs/resources/webhook#execute-webhook
// https://discord.com/developers/docs/resources/message#embed-object-embed-limits
// Below /hook and /ping it takes anything: a webhook of one's own, and a heartbeat.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "base/json.h"
#include "support/http_server.h"

namespace lifeboat::test {

class FakeDiscord {
 public:
  // Called with each accepted request: {"method", "target", "body"}, the body as JSON if it was
  // some. Any thread, one at a time.
  using Witness = std::function<void(const Json&)>;
  explicit FakeDiscord(std::string token = "token", Witness accepted = {}, Witness refused = {});

  std::string url() const { return server_.url(); }
  std::string webhook() const { return server_.url() + webhook_path_; }
  // Of the webhook, accepted, in their order.
  std::vector<Json> messages() const;
  // All that came, anywhere and whatever became of it.
  std::vector<ServedRequest> requests() const { return server_.requests(); }

  // The next `times` requests get `status`; 429 with `retry_after` in its JSON, 0: no answer ever.
  void fail_next(int times, int status, double retry_after_seconds = 0.05);

 private:
  ServedResponse answer(const ServedRequest& request);
  ServedResponse execute(const ServedRequest& request, const std::string& query, Json& seen);

  struct Trouble {
    int status;
    double retry_after;
  };
  std::string webhook_path_;
  Witness accepted_;
  Witness refused_;
  mutable std::mutex mutex_;
  std::deque<Trouble> troubles_;
  std::vector<Json> messages_;
  HttpServer server_;  // last: its threads use the rest
};

}  // namespace lifeboat::test
