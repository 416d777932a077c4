// Time, injectable.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/stop.h"

namespace lifeboat {

// A point in UTC, to the nanosecond.
using Timestamp = std::chrono::sys_time<std::chrono::nanoseconds>;
using Date = std::chrono::year_month_day;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp now() const = 0;
  // Monotonic, for durations.
  virtual std::chrono::steady_clock::time_point steady_now() const = 0;
  // Returns after `duration`; throws Interrupted as soon as `stop` asks for it.
  virtual void sleep(std::chrono::nanoseconds duration, const StopToken& stop) = 0;
};

// The machine's clocks. Any thread.
class SystemClock final : public Clock {
 public:
  Timestamp now() const override;
  std::chrono::steady_clock::time_point steady_now() const override;
  void sleep(std::chrono::nanoseconds duration, const StopToken& stop) override;
};

Date date_of(Timestamp time);
// "2026-05-07"
std::string print_date(Date date);
// "2026-05-07T02:00:00Z", whole seconds.
std::string print_time(Timestamp time);
// "020000"
std::string print_compact_time_of_day(Timestamp time);
// Strict inverses; throw Error(usage) naming the text.
Date parse_date(std::string_view text);
Timestamp parse_time(std::string_view text);

}  // namespace lifeboat
