#include "cli/watch_telling.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/named_targets.h"
#include "cli/render.h"
#include "observe/host_state.h"

namespace lifeboat::cli {
namespace {

constexpr std::chrono::hours reminder_after{20};  // once a day, whatever the minute
constexpr const char* state_name = "watch";       // "watch.state.json"
constexpr const char* store_problem = "watch/store";

// Tells all or nothing of what one notice says.
class Teller {
 public:
  Teller(const WatchAudience& audience, CommandContext& context)
      : context_(context), world_{context.clock(), context.random()} {
    NotifyTargets people = audience.targets;
    NotifyTargets machines;
    machines.heartbeat = std::exchange(people.heartbeat, std::nullopt);
    people_.emplace(make_notifiers(people, world_), context.clock());
    machines_.emplace(make_notifiers(machines, world_), context.clock());
    if (!audience.state_dir || is_empty()) return;
    file_.emplace(*audience.state_dir, state_name, context.random());
    guarded([&] { state_ = file_->load(); });
  }

  bool is_empty() const { return people_->empty() && machines_->empty(); }
  void tell_people(Notice notice) {
    ActivityState& before = state_.activity(notice.host);
    const std::string news = ids_of(notice);
    const bool was_bad = !before.error.empty();
    notice.is_recovery = was_bad && notice.problems.empty();
    const bool is_old = was_bad && before.error == news;
    if (is_old && notice.time - before.last_run < reminder_after) return;
    if (!add(people_->tell(notice, state_.notifiers))) return;
    before.last_run = notice.time;
    before.status = notice.problems.empty() ? 0 : 1;
    before.error = news;
  }
  void tell_machines(const Notice& notice) { add(machines_->tell(notice, state_.notifiers)); }

  std::vector<Delivery> finish() {
    if (!file_) return std::move(deliveries_);
    guarded([&] {
      file_->update([&](HostState& kept) {
        kept.activities = state_.activities;
        kept.notifiers = state_.notifiers;
      });
    });
    return std::move(deliveries_);
  }

 private:
  static std::string ids_of(const Notice& notice) {
    std::vector<std::string> ids;
    for (const Problem& problem : notice.problems) ids.push_back(problem.id);
    return format("{}", join(ids, ", "));
  }
  // The memory must not keep anybody from being told.
  void guarded(const std::function<void()>& step) {
    try {
      step();
    } catch (const Error& error) {
      context_.talk().warn(format("what was told is not remembered: {}", error.what()));
      file_.reset();
    }
  }
  // False if nobody took what somebody should have.
  bool add(std::vector<Delivery> more) {
    bool is_told = more.empty();
    for (Delivery& delivery : more) {
      if (!delivery.delivered) {
        context_.talk().warn(
            format("{} was not told: {}", delivery.notifier,
                   delivery.was_dead ? "it took nothing earlier" : delivery.error));
      }
      is_told = is_told || delivery.delivered;
      deliveries_.push_back(std::move(delivery));
    }
    return is_told;
  }

  CommandContext& context_;
  NotifyWorld world_;
  std::optional<StateFile> file_;
  HostState state_;
  std::optional<Notifiers> people_;
  std::optional<Notifiers> machines_;
  std::vector<Delivery> deliveries_;
};

Notice summary_of(const std::vector<Notice>& notices) {
  Notice all = notices.front();
  all.facts.clear();
  all.warnings.clear();
  for (size_t at = 1; at < notices.size(); ++at) {
    const Notice& more = notices[at];
    all.problems.insert(all.problems.end(), more.problems.begin(), more.problems.end());
    all.kind = std::max(all.kind, more.kind);
  }
  all.title = all.problems.empty()
                  ? format("watch: {} good", print_count(notices.size(), "host is", "hosts are"))
                  : format("watch: {}", print_count(all.problems.size(), "problem", "problems"));
  return all;
}

}  // namespace

void add_watch_targets(const WatchTellingOptions& options, NotifyTargets& targets) {
  // The configuration's is for backups.
  targets.heartbeat.reset();
  if (options.discord) targets.discord = named_discord();
  if (options.heartbeat) {
    targets.heartbeat = named_heartbeat();
    targets.heartbeat->activity = "watch";
  }
  if (!options.github_repo.empty()) targets.github = named_github(options.github_repo);
  // Whoever looks every hour does not want to read every hour that all is well.
  if (targets.discord) targets.discord->success = false;
  if (targets.webhook) targets.webhook->success = false;
  if (targets.smtp) targets.smtp->success = false;
}

Notice watch_notice(const WatchedHost& host, Timestamp now) {
  Notice notice;
  notice.kind = host.problems.empty() ? NoticeKind::success : NoticeKind::failure;
  notice.host = host.host;
  notice.activity = "watch";
  notice.title = host.problems.empty() ? format("watch: the backups of {} are there", host.host)
                 : host.problems.size() == 1
                     ? host.problems.front().title
                     : format("{}: {} problems", host.host, host.problems.size());
  notice.problems = host.problems;
  notice.resolved = host.ids;
  notice.resolved.emplace_back(store_problem);
  for (const WatchedJob& job : host.jobs) {
    notice.facts.push_back({job.name, job.newest ? format("{}, {} old, {}", job.newest->text(),
                                                          print_age(now - job.newest_time),
                                                          print_bytes(job.newest_bytes))
                                                 : "no snapshot"});
  }
  notice.facts.push_back({"nightly copies", format("{}", host.shelf.dailies)});
  notice.facts.push_back({"monthly copies", format("{}", host.monthlies)});
  notice.warnings = host.warnings;
  notice.time = now;
  return notice;
}

Notice store_notice(const std::string& host, const Error& failure, Timestamp now) {
  Notice notice;
  notice.kind = NoticeKind::failure;
  notice.host = host;
  notice.activity = "watch";
  notice.title = "watch: the store cannot be looked at";
  notice.problems.push_back({store_problem, notice.title, redact(failure.what()), {}});
  for (const std::string& hint : failure.hints()) {
    notice.problems.back().hints.push_back(redact(hint));
  }
  notice.time = now;
  return notice;
}

std::vector<Delivery> tell_watch(const std::vector<Notice>& notices, const WatchAudience& audience,
                                 CommandContext& context) {
  Teller teller(audience, context);
  if (teller.is_empty()) return {};
  for (const Notice& notice : notices) teller.tell_people(notice);
  teller.tell_machines(summary_of(notices));
  return teller.finish();
}

}  // namespace lifeboat::cli
