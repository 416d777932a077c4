#include "observe/notify/notifiers.h"

#include <algorithm>
#include <set>

#include "base/format.h"
#include "base/log.h"

namespace lifeboat {
namespace {

using Members = std::vector<std::unique_ptr<Notifier>>;

NotifierState& state_of(const Notifier& notifier, std::vector<NotifierState>& states) {
  auto found = std::find_if(states.begin(), states.end(), [&](const NotifierState& state) {
    return state.name == notifier.name();
  });
  if (found == states.end()) {
    states.push_back({.name = std::string(notifier.name())});
    found = std::prev(states.end());
  }
  return *found;
}

// One notice on its way to all.
class Round {
 public:
  Round(const Members& members, std::vector<NotifierState>& states, Clock& clock);

  std::vector<Delivery> run(const Notice& notice, bool tries_dead);

 private:
  // Who works is told of who does not: at once when that changes. Who did not work itself, or is
  // new, hears what it missed.
  void tell_of_each_other(const Notice& about);
  NotifierState& state(const Notifier& notifier) { return state_of(notifier, states_); }
  std::vector<bool> failing();
  Delivery deliver(Notifier& notifier, const Notice& notice);
  Notice with_reminders(const Notice& notice, const Notifier& target);
  Notice notice_of_others(const Notice& about, const Notifier& target);

  const Members& members_;
  std::vector<NotifierState>& states_;
  Clock& clock_;
  std::vector<NotifierState> before_;  // in the order of the members
  std::set<std::string_view> failed_;  // in this round: not tried again
};

Round::Round(const Members& members, std::vector<NotifierState>& states, Clock& clock)
    : members_(members), states_(states), clock_(clock) {
  // Who is no longer configured must not count as failing for ever.
  std::erase_if(states_, [&](const NotifierState& known) {
    return std::none_of(members_.begin(), members_.end(),
                        [&](const auto& member) { return member->name() == known.name; });
  });
  for (const auto& member : members_) {
    NotifierState& known = state(*member);
    if (const std::string id = member->target_id(); known.target_id != id) {
      known.target_id = id;
      known.dead = false;
    }
    before_.push_back(known);
  }
}

std::vector<bool> Round::failing() {
  std::vector<bool> failing;
  for (const auto& member : members_) failing.push_back(state(*member).failing);
  return failing;
}

Delivery Round::deliver(Notifier& notifier, const Notice& notice) {
  NotifierState& known = state(notifier);
  Delivery delivery{.notifier = known.name};
  try {
    notifier.tell(notice);
    known.dead = known.failing = false;
    known.last_success = clock_.now();
    known.error.clear();
    delivery.delivered = true;
    return delivery;
  } catch (const Error& error) {
    delivery.error = redact(error.what());
    delivery.hints = error.hints();
    known.dead = dynamic_cast<const TargetGone*>(&error) != nullptr;
  } catch (const Interrupted&) {  // by NotifyWorld::stop, which is not the run's own
    delivery.error = "it was stopped before it was through";
  } catch (const std::exception& bug) {
    delivery.error = redact(format("bug: {}", bug.what()));
  }
  failed_.insert(notifier.name());
  known.failing = true;
  known.last_failure = clock_.now();
  ++known.failures_total;
  known.error = delivery.error;
  return delivery;
}

// What began to fail earlier was told then; each notice says that it still does.
Notice Round::with_reminders(const Notice& notice, const Notifier& target) {
  Notice reminding = notice;
  for (size_t at = 0; at < members_.size(); ++at) {
    const NotifierState& now = state(*members_[at]);
    if (!before_[at].failing || !now.failing || now.name == target.name()) continue;
    reminding.warnings.push_back(
        format("The notifier '{}' does not work: {}.", now.name, now.error));
  }
  return reminding;
}

std::vector<Delivery> Round::run(const Notice& notice, bool tries_dead) {
  std::vector<Delivery> deliveries;
  for (const auto& member : members_) {
    if (!member->wants(notice)) continue;
    const NotifierState& known = state(*member);
    if (!known.dead || tries_dead) {
      deliveries.push_back(deliver(*member, with_reminders(notice, *member)));
      continue;
    }
    deliveries.push_back(
        {.notifier = known.name,
         .was_dead = true,
         .error = "not tried, since the target takes nothing more: " + known.error,
         .hints = {"Correct its settings; `lifeboat notify test` tries it again at once."}});
  }
  tell_of_each_other(notice);
  return deliveries;
}

Notice Round::notice_of_others(const Notice& about, const Notifier& target) {
  Notice notice{.host = about.host, .activity = "notifier", .time = about.time};
  std::vector<std::string> recovered;
  for (size_t at = 0; at < members_.size(); ++at) {
    const NotifierState& now = state(*members_[at]);
    const std::string id = format("notifier/{}", now.name);
    if (!now.failing || now.name == target.name()) {
      notice.resolved.push_back(id);
      if (before_[at].failing) recovered.push_back(format("'{}'", now.name));
      continue;
    }
    Problem problem{.id = id,
                    .title = format("notifier '{}' of {} does not work", now.name, about.host),
                    .cause = now.error};
    if (now.dead) {
      problem.hints.push_back(format(
          "It is left alone until notify.{} changes or `lifeboat notify test` is run.", now.name));
    }
    notice.problems.push_back(std::move(problem));
  }
  notice.is_recovery = !recovered.empty();
  if (notice.problems.empty()) {
    notice.kind = NoticeKind::success;
    notice.title = format("notifier {} of {} works again", join(recovered, ", "), about.host);
  } else {
    notice.kind = NoticeKind::warning;
    notice.title = notice.problems.front().title;
  }
  return notice;
}

void Round::tell_of_each_other(const Notice& about) {
  // Who fails, as each member knows it: by what it was told before, which is nothing for one that
  // failed itself or is new.
  std::vector<std::vector<bool>> known(members_.size());
  for (size_t at = 0; at < members_.size(); ++at) {
    const bool missed_it = before_[at].failing || !before_[at].last_success;
    for (size_t of = 0; of < members_.size(); ++of) {
      known[at].push_back(before_[of].failing && (!missed_it || of == at));
    }
  }
  // Telling of one can show that another fails too, or works again. It ends: a member fails once
  // in a round at most.
  for (bool is_through = false; !is_through;) {
    is_through = true;
    for (size_t at = 0; at < members_.size(); ++at) {
      Notifier& member = *members_[at];
      if (failed_.contains(member.name()) || state(member).dead || known[at] == failing()) continue;
      const Notice notice = notice_of_others(about, member);
      if (!member.wants(notice)) continue;
      deliver(member, notice);
      known[at] = failing();
      is_through = false;
    }
  }
}

}  // namespace

Notifiers::Notifiers(std::vector<std::unique_ptr<Notifier>> notifiers, Clock& clock)
    : notifiers_(std::move(notifiers)), clock_(clock) {}

std::vector<Delivery> Notifiers::tell(const Notice& notice, std::vector<NotifierState>& states) {
  return Round(notifiers_, states, clock_).run(notice, false);
}

std::vector<Delivery> Notifiers::tell_all(const Notice& notice,
                                          std::vector<NotifierState>& states) {
  return Round(notifiers_, states, clock_).run(notice, true);
}

}  // namespace lifeboat
