#include "base/clock.h"

#include <poll.h>

#include <algorithm>

#include "base/error.h"
#include "base/format.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hh_mm_ss;
using std::chrono::seconds;

// The whole years that 64 bits of nanoseconds around 1970 can hold.
constexpr std::chrono::year year_min{1678};
constexpr std::chrono::year year_max{2261};

// Reads exactly `count` decimal digits at `at`, or returns -1.
int digits(std::string_view text, size_t at, size_t count) {
  if (at + count > text.size()) return -1;
  int value = 0;
  for (size_t index = at; index < at + count; ++index) {
    if (text[index] < '0' || text[index] > '9') return -1;
    value = value * 10 + (text[index] - '0');
  }
  return value;
}

hh_mm_ss<seconds> time_of_day(Timestamp time) {
  const auto whole = floor<seconds>(time);
  return hh_mm_ss<seconds>(whole - floor<days>(whole));
}

}  // namespace

Timestamp SystemClock::now() const {
  return std::chrono::time_point_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now());
}

std::chrono::steady_clock::time_point SystemClock::steady_now() const {
  return std::chrono::steady_clock::now();
}

void SystemClock::sleep(std::chrono::nanoseconds duration, const StopToken& stop) {
  using std::chrono::milliseconds;
  const auto end = steady_now() + duration;
  for (;;) {
    stop.throw_if_stopped();
    const auto left = std::chrono::ceil<milliseconds>(end - steady_now());
    if (left.count() <= 0) return;
    pollfd waited{stop.fd(), POLLIN, 0};  // poll passes over a token's -1
    (void)::poll(&waited, 1, static_cast<int>(std::min(left, milliseconds(60'000)).count()));
  }
}

Date date_of(Timestamp time) { return Date(floor<days>(time)); }

std::string print_date(Date date) {
  return format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string print_time(Timestamp time) {
  const auto clock = time_of_day(time);
  return format("{}T{:02}:{:02}:{:02}Z", print_date(date_of(time)), clock.hours().count(),
                clock.minutes().count(), clock.seconds().count());
}

std::string print_compact_time_of_day(Timestamp time) {
  const auto clock = time_of_day(time);
  return format("{:02}{:02}{:02}", clock.hours().count(), clock.minutes().count(),
                clock.seconds().count());
}

Date parse_date(std::string_view text) {
  const int year = digits(text, 0, 4);
  const int month = digits(text, 5, 2);
  const int day = digits(text, 8, 2);
  if (text.size() == 10 && text[4] == '-' && text[7] == '-' && year >= 0 && month > 0 && day > 0) {
    const Date date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                    std::chrono::day(static_cast<unsigned>(day))};
    if (date.ok()) return date;
  }
  throw Error(ErrorKind::usage, format("'{}' is not a date", text))
      .hint("Write dates as YYYY-MM-DD, for example 2026-05-07.");
}

Timestamp parse_time(std::string_view text) {
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  const bool shape = text.size() == 20 && text[10] == 'T' && text[13] == ':' && text[16] == ':' &&
                     text[19] == 'Z' && hour >= 0 && hour < 24 && minute >= 0 && minute < 60 &&
                     second >= 0 && second < 60;
  if (!shape) throw Error(ErrorKind::usage, format("'{}' is not a UTC time", text));
  const Date date = parse_date(text.substr(0, 10));
  if (date.year() < year_min || date.year() > year_max) {
    throw Error(ErrorKind::usage, format("'{}' is too far from now", text));
  }
  return std::chrono::sys_days(date) + std::chrono::hours(hour) + std::chrono::minutes(minute) +
         seconds(second);
}

}  // namespace lifeboat
