#include "observe/status.h"

#include <algorithm>
#include <map>
#include <utility>

#include "base/exit_code.h"
#include "base/format.h"
#include "base/schedule_grace.h"
#include "base/short_text.h"
#include "base/text.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

constexpr days mean_days{7};
constexpr double shrunk = -0.5;  // half of the data gone is seldom meant
constexpr days cliff_days{7};    // less than that left: the last backups are about to go
// Of what a run left: it may be between its archive and its manifest; later ones made up for it.
constexpr hours unfinished_age_min{1};
constexpr days unfinished_age_max{3};

bool is_ahead(Timestamp time, Timestamp now) { return time > now + clock_skew_max; }
// A clock may have been set while it ran.
bool is_ahead(const PastSnapshot& one, Timestamp now) {
  return is_ahead(one.started, now) || is_ahead(one.finished, now);
}

const PastSnapshot* newest_whole(const JobHistory& job, Timestamp now) {
  const auto found = std::find_if(
      job.snapshots.rbegin(), job.snapshots.rend(),
      [now](const PastSnapshot& one) { return one.is_whole() && !is_ahead(one, now); });
  return found == job.snapshots.rend() ? nullptr : &*found;
}

// How far apart a job's backups mostly are, in whole days: for a store whose configuration is not
// at hand. The median, since a missing night must not make the next one less late.
days usual_gap(const JobHistory& job) {
  const days pace(job.pace == Pace::weekly ? 7 : 1);
  std::vector<days> gaps;
  for (size_t index = 1; index < job.snapshots.size(); ++index) {
    gaps.push_back(
        std::chrono::round<days>(job.snapshots[index].started - job.snapshots[index - 1].started));
  }
  if (gaps.size() < 2) return pace;
  const auto middle = gaps.begin() + static_cast<std::ptrdiff_t>(gaps.size() / 2);
  std::nth_element(gaps.begin(), middle, gaps.end());
  return std::max(pace, *middle);
}

// The size of the newest readable snapshot against those of the week before it.
void add_size(JobStatus& row, const JobHistory& job) {
  const auto is_readable = [](const PastSnapshot& one) { return one.error.empty(); };
  const auto last = std::find_if(job.snapshots.rbegin(), job.snapshots.rend(), is_readable);
  if (last == job.snapshots.rend()) return;
  row.archive_bytes = last->archive_bytes;
  double sum = 0;
  size_t count = 0;
  for (auto one = std::next(last); one != job.snapshots.rend(); ++one) {
    if (one->started < last->started - mean_days) break;
    if (!one->is_whole()) continue;
    sum += static_cast<double>(one->archive_bytes);
    ++count;
  }
  if (sum > 0) {
    row.change = static_cast<double>(last->archive_bytes) / (sum / static_cast<double>(count)) - 1;
  }
}

std::vector<std::string> failed_services(const PastSnapshot& snapshot) {
  std::vector<std::string> told;
  for (const PastService& service : snapshot.services) {
    if (service.ok) continue;
    told.push_back(service.error.empty() ? service.name
                                         : format("{} ({})", service.name, service.error));
  }
  return told;
}

class Assessor {
 public:
  explicit Assessor(const StatusInput& input) : input_(input) {}

  Status assess() {
    if (input_.history != nullptr) from_store();
    for (const ExpectedJob& expected : input_.expected) row(expected.host, expected.job);
    if (input_.state != nullptr) from_state();
    for (auto& [name, row] : rows_) {
      judge(row);
      status_.jobs.push_back(std::move(row));
    }
    if (status_.jobs.empty() && input_.history != nullptr) {
      tell(FindingLevel::warning, "", "", "the store holds no snapshots");
    }
    std::stable_sort(status_.findings.begin(), status_.findings.end(),
                     [](const StatusFinding& left, const StatusFinding& right) {
                       return left.level > right.level;
                     });
    return std::move(status_);
  }

 private:
  JobStatus& row(const std::string& host, const std::string& job);
  void tell(FindingLevel level, std::string host, std::string job, std::string text) {
    status_.findings.push_back({level, std::move(host), std::move(job), std::move(text)});
  }
  std::string ago(Timestamp time) const {
    const auto age = input_.now - time;
    return age < std::chrono::minutes(1) ? "just now" : print_age(age) + " ago";
  }
  void from_store();
  void add_snapshots(JobStatus& row, const JobHistory& job);
  void add_drills(JobStatus& row, const JobHistory& job);
  void from_state();
  void add_state(JobStatus& row, const JobState& job);
  void add_state(JobStatus& row, const DrillState& drill);
  void judge(JobStatus& row);
  void judge_drill(JobStatus& row);

  const StatusInput& input_;
  std::map<std::pair<std::string, std::string>, JobStatus> rows_;
  std::map<std::pair<std::string, std::string>, Timestamp> drilled_;  // the last drill, good or not
  Status status_;
};

JobStatus& Assessor::row(const std::string& host, const std::string& job) {
  const auto [found, is_new] = rows_.try_emplace({host, job});
  JobStatus& row = found->second;
  if (!is_new) return row;
  row.host = host;
  row.job = job;
  const JobHistory* past = input_.history == nullptr ? nullptr : input_.history->find(host, job);
  row.stale_after = (past == nullptr ? days(1) : usual_gap(*past)) + schedule_grace;
  for (const ExpectedJob& expected : input_.expected) {
    if (expected.host == host && expected.job == job) row.stale_after = expected.stale_after;
  }
  return row;
}

void Assessor::add_snapshots(JobStatus& row, const JobHistory& job) {
  if (const PastSnapshot* whole = newest_whole(job, input_.now)) {
    row.last_success = whole->finished;
    row.expires = whole->expires;
  }
  add_size(row, job);
  for (const PastSnapshot& one : job.snapshots) {
    if (!is_ahead(one, input_.now)) continue;
    tell(
        FindingLevel::warning, row.host, row.job,
        format("{} is dated in the future: a clock was wrong, and it counts for nothing until then",
               one.name));
  }
  const auto known =
      std::find_if(job.snapshots.rbegin(), job.snapshots.rend(),
                   [this](const PastSnapshot& one) { return !is_ahead(one, input_.now); });
  if (known == job.snapshots.rend()) return;
  const PastSnapshot& last = *known;
  row.last_run = last.started;
  if (!last.error.empty()) {
    row.run = "damaged";
    row.run_level = FindingLevel::error;
  } else if (last.is_whole()) {
    row.run = "ok";
    row.run_level = FindingLevel::ok;
  } else {
    row.run = "partial";
    row.run_level = FindingLevel::warning;
    tell(FindingLevel::warning, row.host, row.job,
         format("{} lacks {}", last.name, join(failed_services(last), ", ")));
  }
  for (const PastSnapshot& one : job.snapshots) {
    if (one.error.empty()) continue;
    tell(FindingLevel::error, row.host, row.job, format("{} is damaged: {}", one.name, one.error));
  }
}

void Assessor::add_drills(JobStatus& row, const JobHistory& job) {
  const PastDrill* last = nullptr;
  for (const PastDrill& drill : job.drills) {
    if (is_ahead(drill.drilled, input_.now)) continue;
    if (drill.verdict == FindingLevel::ok) {
      row.proved = drill.drilled;
      row.recovery = drill.duration;
    }
    last = &drill;
  }
  if (last == nullptr) return;
  drilled_[{row.host, row.job}] = last->drilled;
  row.drill_level = last->verdict;
  row.drill = row.drill_level == FindingLevel::ok        ? "ok"
              : row.drill_level == FindingLevel::warning ? "partial"
                                                         : "FAILED";
  if (row.drill_level == FindingLevel::ok) return;
  tell(row.drill_level, row.host, row.job,
       format("the last drill, {}, of {}: {}", ago(last->drilled), last->snapshot, last->result));
}

void Assessor::from_store() {
  for (const HostHistory& host : input_.history->hosts) {
    for (const JobHistory& job : host.jobs) {
      JobStatus& made = row(host.name, job.name);
      add_snapshots(made, job);
      add_drills(made, job);
    }
    for (const PastSnapshot& one : host.damaged) {
      tell(FindingLevel::error, host.name, "", format("{} is damaged: {}", one.name, one.error));
    }
    for (const PastDrill& one : host.stray_drills) {
      if (one.error.empty()) continue;
      tell(FindingLevel::warning, host.name, "",
           format("drill evidence is damaged: {}", one.error));
    }
    for (const UnfinishedRun& run : host.unfinished) {
      if (input_.now - run.modified < unfinished_age_min) continue;
      if (input_.now - run.day > unfinished_age_max) continue;
      tell(FindingLevel::warning, host.name, "",
           format("a run left {} unfinished, {}, {}: it is no snapshot", run.name,
                  print_bytes(run.bytes), ago(run.modified)));
    }
  }
}

void Assessor::add_state(JobStatus& row, const JobState& job) {
  if (input_.history == nullptr) {
    if (job.last_success && !is_ahead(*job.last_success, input_.now)) {
      row.last_success = job.last_success;
    }
    row.archive_bytes = job.archive_bytes;
    if (input_.expected.empty()) row.stale_after = job.stale_after;
  }
  if (row.last_run && job.last_run < *row.last_run) return;
  row.last_run = job.last_run;
  const int partial = exit_code(ErrorKind::partial);
  row.run = job.status == 0 ? "ok" : job.status == partial ? "partial" : "FAILED";
  row.run_level = job.status == 0         ? FindingLevel::ok
                  : job.status == partial ? FindingLevel::warning
                                          : FindingLevel::error;
  if (row.run == "FAILED") {
    tell(FindingLevel::error, row.host, row.job,
         format("the last backup failed {}: {}", ago(job.last_run), job.error));
  } else if (row.run == "partial" && input_.history == nullptr) {
    tell(FindingLevel::warning, row.host, row.job,
         format("the last backup is partial: {}", job.error));
  }
}

void Assessor::add_state(JobStatus& row, const DrillState& drill) {
  const bool is_known = drill.last_success && !is_ahead(*drill.last_success, input_.now);
  if (is_known && (!row.proved || *drill.last_success > *row.proved)) {
    row.proved = drill.last_success;
    row.recovery = drill.duration;
  }
  Timestamp& last = drilled_[{row.host, row.job}];
  if (drill.last_run <= last) return;
  last = drill.last_run;
  row.drill = drill.status == 0 ? "ok" : "FAILED";
  row.drill_level = drill.status == 0 ? FindingLevel::ok : FindingLevel::error;
  if (drill.status == 0) return;
  tell(FindingLevel::error, row.host, row.job,
       format("the last drill failed {}: {}", ago(drill.last_run),
              drill.error.empty() ? drill.result : drill.error));
}

void Assessor::from_state() {
  const HostState& state = *input_.state;
  for (const JobState& job : state.jobs) add_state(row(state.host, job.name), job);
  for (const DrillState& drill : state.drills) {
    // Of other hosts' only what this store holds: the row would say nothing else.
    if (drill.host != state.host && !rows_.contains({drill.host, drill.job})) continue;
    add_state(row(drill.host, drill.job), drill);
  }
  for (const ActivityState& activity : state.activities) {
    if (activity.status == 0) continue;
    tell(
        FindingLevel::warning, state.host, "",
        format("the last {} failed {}: {}", activity.name, ago(activity.last_run), activity.error));
  }
  for (const NotifierState& notifier : state.notifiers) {
    if (notifier.dead) {
      tell(FindingLevel::error, state.host, "",
           format("{} takes no messages any more: {}", notifier.name, notifier.error));
    } else if (notifier.failing) {
      tell(FindingLevel::warning, state.host, "",
           format("{} did not take the last message: {}", notifier.name, notifier.error));
    }
  }
  for (const KilledRun& run : input_.killed) {
    tell(FindingLevel::error, run.name.host, run.name.job,
         format("a {} was killed; it began {}{}", run.name.activity, ago(run.started),
                run.phase.empty() ? "" : format(" and had come to '{}'", run.phase)));
  }
}

void Assessor::judge_drill(JobStatus& row) {
  if (!row.proved) {
    if (row.drill == "never") {
      tell(FindingLevel::error, row.host, row.job, "no drill has ever proved a restore");
    }
    return;
  }
  const auto age = input_.now - *row.proved;
  const bool is_late = input_.drill_stale_after && age > *input_.drill_stale_after;
  const FindingLevel level = age > drill_age_max ? FindingLevel::error
                             : is_late           ? FindingLevel::warning
                                                 : FindingLevel::ok;
  if (level == FindingLevel::ok) return;
  row.drill_level = std::max(row.drill_level, level);
  tell(level, row.host, row.job, format("the last good drill was {}", ago(*row.proved)));
}

void Assessor::judge(JobStatus& row) {
  judge_drill(row);
  if (!row.last_success) {
    tell(FindingLevel::error, row.host, row.job, "there is no whole backup");
    return;
  }
  const auto age = input_.now - *row.last_success;
  row.age = age_level(age, row.stale_after);
  if (row.age == FindingLevel::error) {
    tell(FindingLevel::error, row.host, row.job,
         format("the last whole backup was {}; one is due every {}", ago(*row.last_success),
                print_age(*row.stale_after - schedule_grace)));
  }
  if (row.change && *row.change <= shrunk) {
    tell(FindingLevel::warning, row.host, row.job,
         format("the last archive is {:.0f} % smaller than those of the week before",
                *row.change * -100));
  }
  // As far as the store is the truth: a bucket's own rules may be others.
  if (row.expires && *row.expires - input_.now < cliff_days) {
    tell(FindingLevel::error, row.host, row.job,
         format("the last whole backup goes on {}", print_date(date_of(*row.expires))));
  }
}

}  // namespace

FindingLevel age_level(std::chrono::nanoseconds age, const std::optional<seconds>& stale_after) {
  if (!stale_after || age < *stale_after - schedule_grace) return FindingLevel::ok;
  return age > *stale_after ? FindingLevel::error : FindingLevel::warning;
}

Status assess(const StatusInput& input) { return Assessor(input).assess(); }

}  // namespace lifeboat
