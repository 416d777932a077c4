#include "engine/watch.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "engine/watch_job.h"
#include "engine/watch_listing.h"
#include "snapshot/catalog.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr minutes skew_max{15};
constexpr hours under_way_max{6};  // between an archive and its manifest
constexpr days drill_age_max{92};  // one a quarter
constexpr days cliff_notice{7};
constexpr size_t manifests_max = 200;  // read to tell jobs apart

sys_days day_of(Timestamp time) { return std::chrono::floor<days>(time); }

class HostWatch {
 public:
  // `expected`: what of the request is this host's.
  HostWatch(const WatchRequest& request, const std::vector<WatchExpectation>& expected,
            Store& store, const ListedHost& listed)
      : request_(request), expected_(expected), now_(request.now), store_(store), listed_(listed) {
    result_.host = expected.front().host;
  }

  // `notes` gets what could not be looked at.
  WatchedHost run(std::vector<std::string>& notes);

 private:
  std::vector<WatchGroup> groups(std::vector<std::string>& notes);
  std::optional<std::vector<WatchGroup>> by_job(const WatchGroup& all);
  void judge_shelf();
  void judge_months();
  void judge_halves();
  void judge_drill();
  void judge_clocks();

  // Looked for, whether found or not.
  void looked_for(std::string id) { result_.ids.push_back(std::move(id)); }
  void problem(std::string id, std::string title, std::string cause, std::string hint) {
    result_.problems.push_back({std::move(id), std::move(title), std::move(cause), {}});
    if (!hint.empty()) result_.problems.back().hints.push_back(std::move(hint));
  }
  void warn(std::string sentence) { result_.warnings.push_back(std::move(sentence)); }
  bool expects_nightlies() const;
  // Of the tier's rule: it may be half removed from then on.
  bool is_going(const ListedRun& run) const;

  const WatchRequest& request_;
  const std::vector<WatchExpectation>& expected_;
  Timestamp now_;
  Store& store_;
  const ListedHost& listed_;
  WatchedHost result_;
};

uint64_t days_kept(Tier tier, const Retention& retention) {
  switch (tier) {
    case Tier::daily:
      return retention.daily_days;
    case Tier::monthly:
      return retention.monthly_days();
    case Tier::weekly:
      break;
  }
  return retention.weekly_days;
}

WatchedHost HostWatch::run(std::vector<std::string>& notes) {
  for (const WatchGroup& group : groups(notes)) {
    judge_job(group, request_, store_.name(), result_);
  }
  if (expects_nightlies()) {
    judge_shelf();
    judge_months();
  }
  judge_halves();
  judge_drill();
  judge_clocks();
  return std::move(result_);
}

bool HostWatch::expects_nightlies() const {
  return std::any_of(expected_.begin(), expected_.end(),
                     [](const auto& one) { return one.tier == Tier::daily; });
}

std::vector<WatchGroup> HostWatch::groups(std::vector<std::string>& notes) {
  std::vector<WatchGroup> made;
  for (const Tier tier : {Tier::daily, Tier::weekly}) {
    WatchGroup all{.expected = {}, .runs = listed_.of(tier)};
    for (const WatchExpectation& one : expected_) {
      if (one.tier == tier) all.expected.push_back(one);
    }
    if (all.expected.empty()) continue;
    std::optional<std::vector<WatchGroup>> apart;
    if (all.is_mixed()) apart = by_job(all);
    if (all.is_mixed() && !apart) {
      notes.push_back(
          format("This key may not read manifests: the jobs of {} are judged together, by how many "
                 "snapshots there are.",
                 result_.host));
    }
    // Whatever could be told apart today: what was wrong yesterday may be over.
    for (const std::string& id : job_problem_ids(all.id())) looked_for(id);
    for (const WatchExpectation& one : all.expected) {
      if (!all.is_mixed()) continue;
      for (const std::string& id : job_problem_ids(one.job)) looked_for(id);
    }
    if (!apart) apart.emplace({std::move(all)});
    std::move(apart->begin(), apart->end(), std::back_inserter(made));
  }
  return made;
}

// Nothing if the key may not read manifests.
std::optional<std::vector<WatchGroup>> HostWatch::by_job(const WatchGroup& all) {
  std::vector<WatchGroup> made;
  for (const WatchExpectation& one : all.expected) made.push_back({.expected = {one}, .runs = {}});
  const size_t skipped = all.runs.size() > manifests_max ? all.runs.size() - manifests_max : 0;
  for (size_t at = skipped; at < all.runs.size(); ++at) {
    const ListedRun& run = all.runs[at];
    std::string job;
    try {
      job = load_manifest(store_, run.id, {}).job;
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::store) return std::nullopt;
      warn(format("{} counts for no job: {}.", run.id.text(), error.what()));
      continue;
    }
    for (WatchGroup& group : made) {
      if (group.expected.front().job == job) group.runs.push_back(run);
    }
  }
  return made;
}

void HostWatch::judge_shelf() {
  looked_for("watch/cliff");
  const auto expires = [&](const ListedRun& run) {
    return end_of_life(run.modified, request_.retention.daily_days);
  };
  result_.shelf.dailies = listed_.dailies.size();
  result_.monthlies = listed_.monthlies.size();
  const auto months_left = [&] {
    if (listed_.monthlies.empty()) return std::string("there is no monthly copy either");
    return format("{}, the newest of {}",
                  print_count(result_.monthlies, "monthly copy is left", "monthly copies are left"),
                  listed_.monthlies.back().id.text());
  };
  if (listed_.dailies.empty()) {
    if (listed_.monthlies.empty()) return;  // told already: no backup at all
    return problem("watch/cliff", format("{}: no nightly copy is left", result_.host),
                   months_left(), "Back up now: what is left gets older.");
  }
  for (const ListedRun& run : listed_.dailies) {
    Shelf& shelf = result_.shelf;
    shelf.oldest_expires = std::min(shelf.oldest_expires.value_or(expires(run)), expires(run));
    shelf.newest_expires = std::max(shelf.newest_expires.value_or(expires(run)), expires(run));
  }
  const auto notice = std::min<seconds>(cliff_notice, hours(12 * request_.retention.daily_days));
  if (*result_.shelf.newest_expires - now_ > notice) return;
  problem(
      "watch/cliff",
      format("{}: the last nightly copy goes on {}", result_.host,
             print_date(date_of(*result_.shelf.newest_expires))),
      format("{}, retention takes each after {} days, and no new one comes; {}",
             print_count(result_.shelf.dailies, "nightly copy is left", "nightly copies are left"),
             request_.retention.daily_days, months_left()),
      "Back up now, or copy what is left to a place without a lifecycle.");
}

void HostWatch::judge_months() {
  if (request_.retention.monthly_months == 0) return;
  looked_for("watch/monthly");
  std::set<sys_days> kept;
  for (const ListedRun& run : listed_.monthlies) kept.insert(sys_days(run.id.date));
  const Date today(day_of(now_ - days(1)));  // a day's grace
  const Date over{Date(today.year() / today.month() / 1) - std::chrono::months(1)};
  const SnapshotId copy{result_.host, over, "", Tier::monthly};
  const auto newest = std::find_if(listed_.dailies.rbegin(), listed_.dailies.rend(),
                                   [&](const ListedRun& run) { return is_copy(copy, run.id); });
  if (newest != listed_.dailies.rend() && !kept.contains(over)) {
    problem("watch/monthly", format("{}: no monthly copy, {}", result_.host, copy.text()),
            format("that month is over, and nothing finished lies below {}", copy.folder()),
            format("Copy one of its nights by hand while it is there: the objects below {} to {}.",
                   newest->id.folder(), copy.folder()));
  }
  if (kept.empty()) return;
  std::vector<std::string> gaps;
  for (Date month(*kept.begin()); sys_days(month) < sys_days(over);
       month += std::chrono::months(1)) {
    const SnapshotId id{result_.host, month, "", Tier::monthly};
    if (!kept.contains(sys_days(month))) gaps.push_back(id.text());
  }
  if (!gaps.empty()) warn(format("There is no {}.", join(gaps, ", ")));
}

bool HostWatch::is_going(const ListedRun& run) const {
  const uint64_t kept = days_kept(run.id.tier, request_.retention);
  return end_of_life(run.modified, kept) <= now_ + days(1);
}

void HostWatch::judge_halves() {
  looked_for("watch/damaged");
  const auto names = [&](const std::vector<ListedRun>& runs, auto&& wanted) {
    std::vector<std::string> found;
    for (const ListedRun& run : runs) {
      if (!is_going(run) && wanted(run)) found.push_back(run.id.text());
    }
    return found;
  };
  const auto damaged = names(listed_.without_archive, [](const ListedRun&) { return true; });
  if (!damaged.empty()) {
    problem("watch/damaged", format("{}: an archive is gone", result_.host),
            format("a manifest is there and its archive is not: {}", join(damaged, ", ")),
            "Who can delete in this store? 'lifeboat bucket audit' shows whether its lifecycle "
            "does.");
  }
  const auto killed = names(listed_.unfinished, [&](const ListedRun& run) {
    return run.modified < now_ - under_way_max && run.modified > now_ - days(request_.nights);
  });
  if (killed.empty()) return;
  warn(format("Left by runs that were killed, and no snapshots: {}.", join(killed, ", ")));
}

void HostWatch::judge_drill() {
  looked_for("watch/drill");
  result_.last_drill = listed_.last_drill;
  if (!listed_.last_drill) {
    return warn(format("No drill of {} ever left its evidence here.", result_.host));
  }
  const auto age = now_ - *listed_.last_drill;
  if (age <= drill_age_max) return;
  problem("watch/drill",
          format("{}: no restore drill for {}", result_.host,
                 print_count(static_cast<uint64_t>(age / days(1)), "day", "days")),
          format("the evidence of the last one is of {}", print_date(date_of(*listed_.last_drill))),
          "Run 'lifeboat drill': a backup that was never restored is a hope.");
}

// Ages and nights are worth as much as the clocks behind them.
void HostWatch::judge_clocks() {
  looked_for("watch/clock");
  std::vector<std::string> causes;
  for (const Tier tier : {Tier::daily, Tier::weekly}) {
    if (listed_.of(tier).empty()) continue;
    const ListedRun& newest = listed_.of(tier).back();
    if (newest.modified > now_ + skew_max) {
      causes.push_back(format("{} was written at {} by the store's clock, and here it is {}",
                              newest.id.text(), print_time(newest.modified), print_time(now_)));
    }
    for (const ListedRun& run : listed_.of(tier)) {
      if (period_begin(run.id) <= run.modified + skew_max) continue;
      causes.push_back(format("{} was written before that day began, at {}", run.id.text(),
                              print_time(run.modified)));
      break;
    }
  }
  if (causes.empty()) return;
  problem("watch/clock", format("{}: a clock is wrong", result_.host),
          format("{}", join(causes, "; ")),
          format("Set the clock by NTP: here, on {}, or on the store's server.", result_.host));
}

using ExpectedHosts = std::map<std::string, std::vector<WatchExpectation>>;

std::vector<ObjectInfo> list_expected(Store& store, const ExpectedHosts& hosts,
                                      WatchReport& report) {
  try {
    return store.list("");
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::store) throw;
  }
  // A key may be kept to some hosts' folders.
  std::vector<ObjectInfo> all;
  for (const auto& [host, ignored] : hosts) {
    auto part = store.list(host + "/");
    std::move(part.begin(), part.end(), std::back_inserter(all));
  }
  report.notes.push_back("This key may not list the whole store: other hosts are not seen.");
  return all;
}

}  // namespace

bool WatchReport::is_good() const {
  return std::all_of(hosts.begin(), hosts.end(),
                     [](const WatchedHost& host) { return host.problems.empty(); });
}

WatchReport watch_store(Store& store, const WatchRequest& request) {
  ensure(!request.expected.empty(), "something must be expected");
  ExpectedHosts expected;
  for (const WatchExpectation& one : request.expected) expected[one.host].push_back(one);
  WatchReport report;
  const auto listed = sort_listing(list_expected(store, expected, report));
  for (const auto& [host, its_own] : expected) {
    const auto found = listed.find(host);
    const ListedHost nothing;
    HostWatch watch(request, its_own, store, found == listed.end() ? nothing : found->second);
    report.hosts.push_back(watch.run(report.notes));
  }
  for (const auto& [host, objects] : listed) {
    if (!expected.contains(host)) report.unexpected.push_back(host);
  }
  return report;
}

}  // namespace lifeboat
