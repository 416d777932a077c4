#include "cli/telling.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "observe/metrics.h"

namespace lifeboat::cli {
namespace {

constexpr std::chrono::minutes telling_max{5};
constexpr std::string_view metrics_activity = "metrics";
constexpr std::string_view textfile_problem = "metrics/textfile";
constexpr std::string_view gateway_problem = "metrics/pushgateway";

// Requests a stop after `limit`, unless it is destroyed before. Its own, since a run that was
// stopped still has to tell. Where no thread can be started there is no limit but each request's
// own: that the host is out of threads must be told most of all.
class Deadline {
 public:
  explicit Deadline(std::chrono::nanoseconds limit) {
    try {
      thread_ = std::thread([this, limit] {
        std::unique_lock lock(mutex_);
        if (!done_.wait_for(lock, limit, [this] { return is_done_; })) source_.request_stop();
      });
    } catch (const std::system_error& error) {
      log_warning("{}",
                  system_error(ErrorKind::limit, "start a thread that ends the telling in time",
                               error.code().value())
                      .what());
    }
  }
  ~Deadline() {
    {
      const std::lock_guard lock(mutex_);
      is_done_ = true;
    }
    done_.notify_one();
    if (thread_.joinable()) thread_.join();
  }
  Deadline(const Deadline&) = delete;
  Deadline& operator=(const Deadline&) = delete;
  StopToken token() const { return source_.token(); }

 private:
  StopSource source_;
  std::mutex mutex_;
  std::condition_variable done_;
  bool is_done_ = false;
  std::thread thread_;
};

Problem metrics_problem(std::string_view id, const std::string& host, const Error& error) {
  std::vector<std::string> hints;
  for (const std::string& hint : error.hints()) hints.push_back(redact(hint));
  return {std::string(id), format("the metrics of {} could not be written", host),
          redact(error.what()), std::move(hints)};
}

}  // namespace

NotifyTargets notify_targets_of(const NotifyConfig& config) {
  NotifyTargets targets;
  if (const auto& discord = config.discord) {
    targets.discord = DiscordTarget{discord->webhook, discord->success};
  }
  if (const auto& github = config.github) {
    targets.github = GithubTarget{github->api_url, github->repo, github->token};
  }
  if (const auto& heartbeat = config.heartbeat) {
    targets.heartbeat =
        HeartbeatTarget{heartbeat->url, heartbeat->start_url, heartbeat->fail_url, heartbeat->jobs};
  }
  if (const auto& webhook = config.webhook) {
    targets.webhook = WebhookTarget{webhook->url, webhook->authorization, webhook->success};
  }
  if (const auto& smtp = config.smtp) {
    targets.smtp =
        SmtpTarget{smtp->url, smtp->username, smtp->password, smtp->from, smtp->to, smtp->success};
  }
  return targets;
}

Telling::Telling(CommandContext& context, Reporting reporting, bool silent)
    : context_(context),
      reporting_(std::move(reporting)),
      silent_(silent),
      file_(reporting_.state_dir, reporting_.host, context.random()) {
  state_.host = reporting_.host;
  try {
    state_ = file_.load();
    if (!file_.warning().empty()) trouble(file_.warning());
  } catch (const Error& error) {
    trouble(error.what());
  }
  state_.host = reporting_.host;
}

void Telling::trouble(const std::string& sentence) {
  const std::string told = redact(printable(sentence));
  context_.talk().warn(told);
  troubles_.push_back(told);
}

void Telling::remember(const std::function<void(HostState&)>& change) {
  try {
    state_ = file_.update(change);
  } catch (const Error& error) {
    change(state_);
    is_remembered_ = false;
    trouble(format("what this run did is not remembered: {}", error.what()));
  }
}

bool Telling::tell(Notice notice) {
  if (silent_) return false;
  const std::vector<Delivery> deliveries = deliver(std::move(notice), Audience::living);
  const auto count = [&](auto is_it) {
    return std::count_if(deliveries.begin(), deliveries.end(), is_it);
  };
  const auto reads = [](const Delivery& one) { return one.notifier != "heartbeat"; };
  if (count(reads) == 0) return count([](const Delivery& one) { return one.delivered; }) > 0;
  return count([&](const Delivery& one) { return one.delivered && reads(one); }) > 0;
}

std::vector<Delivery> Telling::tell_all(Notice notice) {
  return deliver(std::move(notice), Audience::all);
}

std::vector<Delivery> Telling::deliver(Notice notice, Audience audience) {
  notice.host = reporting_.host;
  notice.time = context_.clock().now();
  // A run's start is for heartbeats, which take no words.
  if (notice.kind != NoticeKind::started) {
    if (!troubles_.empty() && notice.kind == NoticeKind::success) {
      notice.kind = NoticeKind::warning;
    }
    notice.warnings.insert(notice.warnings.end(), troubles_.begin(), troubles_.end());
    troubles_.clear();
  }
  const Deadline deadline(telling_max);
  const NotifyWorld world{context_.clock(), context_.random(), deadline.token()};
  Notifiers notifiers(make_notifiers(notify_targets_of(reporting_.notify), world),
                      context_.clock());
  if (notifiers.empty()) return {};
  std::vector<NotifierState> states = state_.notifiers;
  std::vector<Delivery> deliveries = audience == Audience::all ? notifiers.tell_all(notice, states)
                                                               : notifiers.tell(notice, states);
  keep_notifier_states(states);
  if (audience == Audience::all) return deliveries;
  for (const Delivery& one : deliveries) {
    if (one.delivered) continue;
    context_.talk().warn(format("{} was not told: {}", one.notifier, printable(one.error)));
    for (const std::string& hint : one.hints) {
      context_.talk().warn(format("{}: {}", one.notifier, printable(hint)));
    }
  }
  return deliveries;
}

void Telling::keep_notifier_states(const std::vector<NotifierState>& notifiers) {
  remember([&](HostState& state) {
    for (const NotifierState& one : notifiers) state.notifier(one.name) = one;
  });
}

// Another run may have ended since: what it wrote last must not be taken back.
void Telling::reload() {
  if (!is_remembered_) return;
  try {
    state_ = file_.load();
    state_.host = reporting_.host;
  } catch (const Error& error) {
    log_warning("{}", error.what());
  }
}

void Telling::publish() {
  const MetricsConfig& metrics = reporting_.metrics;
  if (!metrics.textfile && metrics.pushgateway.empty()) return;
  reload();
  const HostState known = as_known_at(state_, context_.clock().now());
  std::vector<Problem> problems;
  const auto attempt = [&](std::string_view id, const auto& body) {
    try {
      body();
    } catch (const Error& error) {
      problems.push_back(metrics_problem(id, reporting_.host, error));
      context_.talk().warn(format("the metrics were not written: {}", printable(error.what())));
    } catch (const Interrupted&) {
      problems.push_back(
          metrics_problem(id, reporting_.host, Error(ErrorKind::service, "it took too long")));
      context_.talk().warn("the metrics were not written: it took too long");
    }
  };
  if (metrics.textfile) {
    attempt(textfile_problem, [&] { write_textfile(*metrics.textfile, known, context_.random()); });
  }
  if (!metrics.pushgateway.empty()) {
    const Deadline deadline(telling_max);
    attempt(gateway_problem, [&] { push_metrics({metrics.pushgateway, deadline.token()}, known); });
  }
  const bool failed_before =
      std::any_of(state_.activities.begin(), state_.activities.end(),
                  [](const auto& one) { return one.name == metrics_activity && one.status != 0; });
  if (problems.empty() && !failed_before) return;
  Notice notice;
  notice.kind = problems.empty() ? NoticeKind::success : NoticeKind::warning;
  notice.activity = metrics_activity;
  notice.title = format("the metrics of {} {}", reporting_.host,
                        problems.empty() ? "are written again" : "could not be written");
  notice.is_recovery = problems.empty();
  notice.resolved = {std::string(textfile_problem), std::string(gateway_problem)};
  notice.problems = problems;
  remember([&](HostState& state) {
    ActivityState& entry = state.activity(metrics_activity);
    entry.last_run = context_.clock().now();
    entry.status = problems.empty() ? 0 : 1;
    entry.error = problems.empty() ? "" : problems.front().cause;
  });
  tell(std::move(notice));
}

}  // namespace lifeboat::cli
