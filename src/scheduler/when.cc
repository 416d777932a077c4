#include "scheduler/when.h"

#include <time.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "config/schedule.h"

namespace lifeboat {
namespace {

// FNV-1a: the same for ever and everywhere, which std::hash does not promise.
// https://datatracker.ietf.org/doc/html/draft-eastlake-fnv
uint64_t hash_of(std::string_view text) {
  uint64_t hash = 0xcbf29ce484222325;
  for (const char byte : text) {
    hash = (hash ^ static_cast<unsigned char>(byte)) * 0x100000001b3;
  }
  return hash ^ (hash >> 32);  // its low bits alone are poor
}

struct Hours {
  unsigned first;
  unsigned count;
};
Hours hours_for(std::string_view run) {
  if (run.starts_with("backup")) return {3, 2};
  if (run.starts_with("drill")) return {5, 1};
  return {6, 1};
}

// "1..5,7", each number by `name`.
template <typename Name>
std::string ranges(const std::vector<unsigned>& values, Name name) {
  std::string text;
  for (size_t at = 0; at < values.size();) {
    size_t end = at + 1;
    while (end < values.size() && values[end] == values[end - 1] + 1) ++end;
    if (!text.empty()) text += ',';
    text += name(values[at]);
    if (end - at > 1) text += ".." + name(values[end - 1]);
    at = end;
  }
  return text;
}

// A '*' for all that there are.
std::string numbers(const std::vector<unsigned>& values, size_t count_of_all) {
  if (values.size() == count_of_all) return "*";
  return ranges(values, [](unsigned value) { return format("{}", value); });
}

// Nothing for all seven. Systemd's week begins on Monday.
std::string weekday_names(std::vector<unsigned> weekdays) {
  constexpr std::array<std::string_view, 8> names{"",    "Mon", "Tue", "Wed",
                                                  "Thu", "Fri", "Sat", "Sun"};
  if (weekdays.size() == 7) return "";
  if (weekdays.front() == 0) {
    weekdays.erase(weekdays.begin());
    weekdays.push_back(7);
  }
  return ranges(weekdays, [&](unsigned value) { return std::string(names[value]); }) + " ";
}

using LocalMinute = std::chrono::local_time<std::chrono::minutes>;

// What this machine's clock shows, without its seconds.
LocalMinute local_at(Timestamp at) {
  const time_t seconds = std::chrono::system_clock::to_time_t(at);
  struct tm parts {};
  ensure(::localtime_r(&seconds, &parts) != nullptr, "the zone's clock shows every time");
  const auto local = at + std::chrono::seconds(parts.tm_gmtoff);
  return LocalMinute(std::chrono::floor<std::chrono::minutes>(local).time_since_epoch());
}

bool starts_at(const CronTimes& times, LocalMinute at) {
  const auto has = [](const std::vector<unsigned>& values, int64_t value) {
    return std::ranges::count(values, static_cast<unsigned>(value)) > 0;
  };
  const auto day = std::chrono::floor<std::chrono::days>(at);
  const std::chrono::year_month_day date(day);
  const auto minute = (at - day).count();
  if (!has(times.hours, minute / 60) || !has(times.minutes, minute % 60) ||
      !has(times.months, unsigned{date.month()})) {
    return false;
  }
  const bool is_day = has(times.days, unsigned{date.day()});
  const bool is_weekday = has(times.weekdays, std::chrono::weekday(day).c_encoding());
  return times.either_day ? is_day || is_weekday : is_day && is_weekday;
}

}  // namespace

std::string cron_fields(std::string_view schedule, std::string_view host, std::string_view run) {
  if (const auto times = cron_times(schedule)) {
    std::vector<std::string> words = split(schedule, ' ');
    std::erase(words, "");
    return format("{}", join(words, " "));
  }
  ensure(is_schedule(schedule) && schedule != "manual", "only schedules have times");
  if (schedule.find(':') != std::string_view::npos) {
    const auto number = [&](size_t at) {
      return (schedule[at] - '0') * 10 + schedule[at + 1] - '0';
    };
    return format("{} {} * * *", number(3), number(0));
  }
  const uint64_t hash = hash_of(format("{}/{}", host, run));
  const Hours hours = hours_for(run);
  const uint64_t minute = hash % 60;
  const uint64_t hour = hours.first + hash / 60 % hours.count;
  if (schedule == "hourly") return format("{} * * * *", minute);
  if (schedule == "daily") return format("{} {} * * *", minute, hour);
  if (schedule == "weekly") return format("{} {} * * 0", minute, hour);
  ensure(schedule == "monthly", "all words are known");
  return format("{} {} 1 * *", minute, hour);
}

std::vector<std::string> on_calendar(std::string_view fields) {
  const auto times = cron_times(fields);
  ensure(times.has_value(), "a calendar is made of five fields");
  const std::string time =
      format("{}:{}:00", numbers(times->hours, 24), numbers(times->minutes, 60));
  const std::string months = numbers(times->months, 12);
  const std::string days = numbers(times->days, 31);
  const std::string weekdays = weekday_names(times->weekdays);
  if (!times->either_day) return {format("{}*-{}-{} {}", weekdays, months, days, time)};
  return {format("*-{}-{} {}", months, days, time), format("{}*-{}-* {}", weekdays, months, time)};
}

std::optional<SkippedTime> skipped_start(std::string_view fields, Timestamp now) {
  using std::chrono::minutes;
  const auto times = cron_times(fields);
  ensure(times.has_value(), "starts are told by five fields");
  if (times->hours.size() == 24) return std::nullopt;
  ::tzset();  // localtime_r need not read the zone
  // Clocks are set ahead at a whole quarter of an hour, everywhere and by any rule there is.
  constexpr minutes step{15};
  LocalMinute before = local_at(std::chrono::floor<std::chrono::hours>(now));
  for (Timestamp at = std::chrono::floor<std::chrono::hours>(now) + step;
       at < now + std::chrono::days(366); at += step) {
    const SkippedTime skipped{before + step, local_at(at)};
    before = skipped.end;
    for (LocalMinute missed = skipped.begin; missed < skipped.end; missed += minutes(1)) {
      if (starts_at(*times, missed)) return skipped;
    }
  }
  return std::nullopt;
}

}  // namespace lifeboat
