#include "engine/watch_job.h"

#include <algorithm>
#include <map>

#include "base/format.h"
#include "base/schedule_grace.h"
#include "base/text.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr hours night_grace{2};  // a run may begin just before midnight
constexpr size_t mean_runs = 7;
constexpr size_t mean_runs_min = 3;  // fewer say nothing about what is usual

// "5 h", "2 d 3 h"
std::string print_span(std::chrono::nanoseconds span) {
  const auto whole = std::chrono::duration_cast<hours>(span).count();
  if (whole < 48) return format("{} h", whole);
  return format("{} d {} h", whole / 24, whole % 24);
}

std::string print_night(const MissedNight& night) {
  const std::string date = print_date(night.date);
  return night.wanted == 1 ? date : format("{} ({} of {})", date, night.found, night.wanted);
}

void judge_newest(const WatchGroup& group, const WatchRequest& request, std::string_view store_name,
                  WatchedJob& job, WatchedHost& host) {
  const std::string id = format("watch/{}", job.id);
  if (group.runs.empty()) {
    host.problems.push_back(
        {id,
         format("{}: no backup at all", job.name),
         format("{} holds no finished snapshot of it", store_name),
         {"Is it the right store, and is the name the one in the host's configuration? If both are "
          "right, the host never finished a backup, or all of them are gone."}});
    return;
  }
  // What is later than now comes from a wrong clock, which is told; it must not hide an old store.
  const auto known =
      std::find_if(group.runs.rbegin(), group.runs.rend(),
                   [&](const ListedRun& run) { return run.time <= request.now + clock_skew_max; });
  const ListedRun& newest = known == group.runs.rend() ? group.runs.back() : *known;
  job.newest = newest.id;
  job.newest_time = newest.time;
  job.newest_bytes = newest.bytes;
  job.is_stale = request.now - newest.time > job.stale_after;
  if (!job.is_stale) return;
  host.problems.push_back(
      {id,
       format("{}: no backup for {}", job.name, print_span(request.now - newest.time)),
       format("the newest snapshot, {}, was finished at {}; the next was due by {}",
              newest.id.text(), print_time(newest.time), print_time(newest.time + job.stale_after)),
       {format("On {}: is it up, did its timer or cron start the job, what does 'lifeboat status' "
               "say?",
               host.host)}});
}

std::optional<MissedNight> missed_night(const WatchGroup& group, sys_days day, Timestamp now) {
  const uint64_t wanted = group.runs_a_day();
  uint64_t found = 0;
  Timestamp before{};
  Timestamp after = now;
  for (const ListedRun& run : group.runs) {
    const sys_days date = run.id.date;
    if (date == day) ++found;
    if (date < day) before = std::max(before, run.time);
    if (date > day) after = std::min(after, run.time);
  }
  if (found >= wanted) return std::nullopt;
  // Summer time moves a run at midnight into the next date: no night was without a backup.
  if (found == 0 && after - before <= group.stale_after()) return std::nullopt;
  return MissedNight{Date(day), found, wanted};
}

void judge_nights(const WatchGroup& group, const WatchRequest& request, WatchedJob& job,
                  WatchedHost& host) {
  if (group.runs_a_day() == 0 || group.runs.empty()) return;
  const auto end = std::chrono::floor<days>(request.now - night_grace);  // not over yet
  // The oldest night may have been the first of all, or retention has taken a part of it.
  const sys_days begin =
      std::max(sys_days(group.runs.front().id.date) + days(1),
               end - days(std::min(request.nights, request.retention.daily_days)));
  std::vector<std::string> nights;
  for (sys_days day = begin; day < end; day += days(1)) {
    ++job.nights_wanted;
    const auto missed = missed_night(group, day, request.now);
    if (!missed) continue;
    job.missed.push_back(*missed);
    nights.push_back(print_night(*missed));
  }
  // Who hears that there is none for two days need not hear of each of them.
  if (nights.empty() || job.is_stale) return;
  if (sys_days(job.missed.back().date) == end - days(1)) {
    host.problems.push_back(
        {format("watch/missed/{}", job.id),
         format("{}: last night's backup is missing", job.name),
         format("there is no snapshot, or there are too few, of {}", nights.back()),
         {format("On {}: what do 'lifeboat status' and the log of that night say?", host.host)}});
    nights.pop_back();
  }
  if (nights.empty()) return;
  host.warnings.push_back(
      format("{} has no snapshot, or too few, of {}.", job.name, join(nights, ", ")));
}

struct SizedRun {
  std::string name;
  uint64_t bytes = 0;
};

// Jobs that cannot be told apart have sizes of their own: whole days of them are compared.
std::vector<SizedRun> comparable_runs(const WatchGroup& group, std::string_view host) {
  std::vector<SizedRun> runs;
  if (!group.is_mixed()) {
    for (const ListedRun& run : group.runs) runs.push_back({run.id.text(), run.bytes});
    return runs;
  }
  struct Day {
    uint64_t found = 0;
    uint64_t bytes = 0;
  };
  std::map<sys_days, Day> by_day;
  for (const ListedRun& run : group.runs) {
    Day& day = by_day[run.id.date];
    ++day.found;
    day.bytes += run.bytes;
  }
  for (const auto& [date, day] : by_day) {
    if (day.found != group.runs_a_day()) continue;
    runs.push_back({format("{}/{}", host, print_date(Date(date))), day.bytes});
  }
  return runs;
}

void judge_sizes(const WatchGroup& group, const WatchedJob& job, WatchedHost& host) {
  const std::vector<SizedRun> runs = comparable_runs(group, host.host);
  if (runs.size() < mean_runs_min + 1) return;
  const size_t count = std::min(mean_runs, runs.size() - 1);
  double sum = 0;
  for (size_t at = runs.size() - 1 - count; at + 1 < runs.size(); ++at) {
    sum += static_cast<double>(runs[at].bytes);
  }
  const double mean = sum / static_cast<double>(count);
  const SizedRun& newest = runs.back();
  const double share = static_cast<double>(newest.bytes) / mean;
  if (!(share < 0.5)) return;
  host.problems.push_back(
      {format("watch/shrunk/{}", job.id),
       format("{}: the newest backup shrank by {:.0f} %", job.name, 100 - share * 100),
       format("{} has {}, the {} before it had {} on average", newest.name,
              print_bytes(newest.bytes), count, print_bytes(static_cast<uint64_t>(mean))),
       {"Was something removed on purpose? If not, restore it from an older snapshot before "
        "retention takes that: 'lifeboat diff' shows what is gone."}});
}

}  // namespace

std::string WatchGroup::id() const {
  const bool is_one_job = !is_mixed() && !expected.front().job.empty();
  return is_one_job ? expected.front().job : std::string(tier_name(tier()));
}

std::string WatchGroup::name() const {
  const WatchExpectation& first = expected.front();
  if (first.job.empty()) return first.host;
  std::vector<std::string> jobs;
  for (const WatchExpectation& one : expected) jobs.push_back(one.job);
  return format("{}/{}", first.host, join(jobs, "+"));
}

seconds WatchGroup::stale_after() const {
  seconds shortest = expected.front().stale_after;
  for (const WatchExpectation& one : expected) shortest = std::min(shortest, one.stale_after);
  return shortest;
}

uint64_t WatchGroup::runs_a_day() const {
  uint64_t total = 0;
  for (const WatchExpectation& one : expected) {
    if (one.gap <= days(1)) total += static_cast<uint64_t>(seconds(days(1)) / one.gap);
  }
  return total;
}

std::vector<std::string> job_problem_ids(std::string_view id) {
  return {format("watch/{}", id), format("watch/missed/{}", id), format("watch/shrunk/{}", id)};
}

void judge_job(const WatchGroup& group, const WatchRequest& request, std::string_view store_name,
               WatchedHost& host) {
  WatchedJob job;
  job.name = group.name();
  job.id = group.id();
  job.stale_after = group.stale_after();
  judge_newest(group, request, store_name, job, host);
  judge_nights(group, request, job, host);
  judge_sizes(group, job, host);
  host.jobs.push_back(std::move(job));
}

}  // namespace lifeboat
