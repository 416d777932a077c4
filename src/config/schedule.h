// What a schedule promises: how far apart its runs can be.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace lifeboat {

// "02:00", "hourly", "daily", "weekly", "monthly", "manual", or five fields as crontab(5) reads
// them: lists, ranges, steps, names; a day of month and a day of week that are both given (neither
// begins with '*'): either.
bool is_schedule(std::string_view text);

// What five fields say, each of its values listed and sorted.
struct CronTimes {
  std::vector<unsigned> minutes;
  std::vector<unsigned> hours;
  std::vector<unsigned> days;  // of the month
  std::vector<unsigned> months;
  std::vector<unsigned> weekdays;  // 0 is Sunday, 6 Saturday
  bool either_day = false;         // a day of month or a day of week; else both
};
// Nothing for all that is not five fields.
std::optional<CronTimes> cron_times(std::string_view fields);

// The longest time between two runs that follow each other: "02:00" and "daily" 24 h, "weekly" 7
// days, "monthly" 31 days. Nothing for "manual", and for fields that never come true (the 30th of
// February). A change to summer time is not counted. Bug unless `schedule` is one.
std::optional<std::chrono::seconds> longest_gap(std::string_view schedule);

// On average; a month is a twelfth of a year. Nothing and Bug as above.
std::optional<double> runs_per_day(std::string_view schedule);

// From when on a job is stale: its longest gap and two hours' grace, 93600 s for a nightly one.
std::optional<std::chrono::seconds> stale_after(std::string_view schedule);

}  // namespace lifeboat
