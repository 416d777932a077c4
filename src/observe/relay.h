// Alertmanager's alerts become issues: for those whose Alertmanager cannot file any, which is
// everybody's, since it can only post and not look whether it did so before.
//
// Alertmanager keeps what it could not deliver and tries again, so nothing is stored here: an
// answer of 2xx means that the notifier has taken all of it.
// https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "http/listener.h"
#include "observe/notice.h"
#include "observe/notify/notifier.h"

namespace lifeboat {

// What a webhook of version 4 says: a notice for each problem that is there, and one a host for
// those that are over. Alerts of one name, host, job and service are one problem. Throws
// Error(usage) for what is no such JSON.
std::vector<Notice> read_alerts(std::string_view json, Timestamp now);

// Any thread; the notifier is used by one at a time.
class Relay {
 public:
  // All must outlive it. `bearer` null: whoever reaches it may post.
  Relay(Notifier& notifier, SharedSecret bearer, Clock& clock)
      : notifier_(notifier), bearer_(std::move(bearer)), clock_(clock) {}

  // POST /alertmanager, GET /healthz: 503 as long as the last alerts were not delivered.
  HttpAnswer answer(const HttpCall& call);

 private:
  HttpAnswer take_alerts(const HttpCall& call);
  HttpAnswer deliver(const std::vector<Notice>& notices);
  HttpAnswer health() const;
  bool is_allowed(const HttpCall& call) const;

  Notifier& notifier_;
  SharedSecret bearer_;
  Clock& clock_;
  std::mutex delivery_;                  // one at a time
  mutable std::mutex mutex_;             // of what follows
  std::string failure_;                  // of the last delivery; empty: none
  std::optional<Timestamp> not_before_;  // the target is gone: it is left alone until then
};

}  // namespace lifeboat
