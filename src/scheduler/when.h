// The schedules of the configuration in the words of cron and of systemd.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace lifeboat {

// Five fields: "02:00" is "0 2 * * *". The words (hourly, daily, weekly, monthly) get a time that
// follows from the name of the host and of the run, so that of many hosts not all start at once:
// backups between 3 and 5, drills between 5 and 6, all else between 6 and 7; weekly is Sunday,
// monthly the first. Where clocks change, most do so before 3. Bug for what is no schedule, and for
// "manual".
std::string cron_fields(std::string_view schedule, std::string_view host, std::string_view run);

// The values of OnCalendar= that together mean the five fields: two where a day of month or a day
// of week is enough, since systemd wants both.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.time.html#Calendar%20Events
std::vector<std::string> on_calendar(std::string_view fields);

// Where the machine's clock is set ahead: the local times from `begin` to before `end` do not come.
struct SkippedTime {
  std::chrono::local_time<std::chrono::minutes> begin;
  std::chrono::local_time<std::chrono::minutes> end;
};
// The first such time within a year after `now`, by the zone of this process, in which the five
// fields have a start. Systemd leaves that start out. Nothing for fields of every hour, which lose
// nothing by it.
std::optional<SkippedTime> skipped_start(std::string_view fields, Timestamp now);

}  // namespace lifeboat
