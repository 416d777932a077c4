#include "observe/report/nights.h"

#include <algorithm>

#include "base/error.h"

namespace lifeboat::report {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::sys_days;

class Row {
 public:
  Row(const JobHistory& job, const NightRange& range)
      : job_(job), range_(range), period_(job.pace == Pace::weekly ? 7 : 1) {
    sys_days first = floor<days>(range.now);
    for (const PastSnapshot& one : job.snapshots) first = std::min(first, floor<days>(one.started));
    first = std::max(first, floor<days>(range.since));
    if (job.pace == Pace::weekly) {
      const std::chrono::weekday day(first);
      first -= days(day.iso_encoding() - 1);
    }
    for (sys_days begin = first; begin <= range.now; begin += period_) {
      nights_.push_back({begin, NightState::idle, nullptr});
    }
  }

  void add(const PastSnapshot& snapshot) {
    Night* night = at(snapshot.started);
    if (night == nullptr) return;
    if (night->snapshot != nullptr && night->snapshot->is_whole() && !snapshot.is_whole()) return;
    night->snapshot = &snapshot;
    night->state = !snapshot.error.empty() ? NightState::damaged
                   : snapshot.is_whole()   ? NightState::ok
                                           : NightState::partial;
  }
  // Something that no job owns: it is the job's if the night would be empty without it.
  void add(Timestamp time, NightState state, const PastSnapshot* snapshot) {
    Night* night = at(time);
    if (night == nullptr || night->state != NightState::idle) return;
    night->state = state;
    night->snapshot = snapshot;
  }
  void mark_missing() {
    if (!range_.stale_after) return;
    for (Night& night : nights_) {
      if (night.state != NightState::idle) continue;
      const Timestamp end = std::min<Timestamp>(night.begin + period_, range_.now);
      const PastSnapshot* before = nullptr;
      for (const PastSnapshot& one : job_.snapshots) {
        if (one.started < night.begin) before = &one;
      }
      if (before != nullptr && end - before->started > *range_.stale_after) {
        night.state = NightState::missing;
      }
    }
  }
  std::vector<Night> take() { return std::move(nights_); }

 private:
  Night* at(Timestamp time) {
    if (nights_.empty() || time < nights_.front().begin) return nullptr;
    const auto index = static_cast<size_t>((time - nights_.front().begin) / period_);
    return index < nights_.size() ? &nights_[index] : nullptr;
  }

  const JobHistory& job_;
  const NightRange& range_;
  days period_;
  std::vector<Night> nights_;
};

}  // namespace

std::string_view night_state_name(NightState state) {
  switch (state) {
    case NightState::ok:
      return "whole";
    case NightState::partial:
      return "partial";
    case NightState::damaged:
      return "damaged";
    case NightState::unfinished:
      return "unfinished";
    case NightState::missing:
      return "missing";
    case NightState::idle:
      return "none due";
  }
  throw Bug("unknown state of a night");
}

std::vector<Night> nights_of(const HostHistory& host, const JobHistory& job,
                             const NightRange& range) {
  Row row(job, range);
  for (const PastSnapshot& one : job.snapshots) row.add(one);
  if (job.pace == Pace::daily) {
    for (const PastSnapshot& one : host.damaged) row.add(one.started, NightState::damaged, &one);
    for (const UnfinishedRun& run : host.unfinished) {
      row.add(run.day, NightState::unfinished, nullptr);
    }
  }
  row.mark_missing();
  return row.take();
}

}  // namespace lifeboat::report
