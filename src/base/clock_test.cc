#include "base/clock.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace lifeboat {
namespace {

using namespace std::chrono_literals;

TEST(Clock, PrintsAndParsesTimes) {
  const Timestamp time = parse_time("2026-05-07T02:03:04Z");
  EXPECT_EQ(time.time_since_epoch(), 1778119384s);
  EXPECT_EQ(print_time(time), "2026-05-07T02:03:04Z");
  EXPECT_EQ(print_time(time + 999ms), "2026-05-07T02:03:04Z");
  EXPECT_EQ(print_compact_time_of_day(time), "020304");
  EXPECT_EQ(print_date(date_of(time)), "2026-05-07");
}

TEST(Clock, KnowsTheEdgesOfDaysAndYears) {
  const Timestamp epoch{};
  EXPECT_EQ(print_time(epoch), "1970-01-01T00:00:00Z");
  EXPECT_EQ(print_time(epoch - 1ns), "1969-12-31T23:59:59Z");
  EXPECT_EQ(print_time(parse_time("2028-02-29T23:59:59Z") + 1s), "2028-03-01T00:00:00Z");
  EXPECT_EQ(print_date(parse_date("0001-01-01")), "0001-01-01");
}

TEST(Clock, RefusesOtherDates) {
  for (const char* text :
       {"", "2026-5-7", "2026-05-07 ", " 2026-05-07", "2026-02-29", "2026-13-01", "2026-00-01",
        "2026-01-00", "2026-01-32", "2026/01/01", "20260101", "+026-01-01", "2026-01-0x"}) {
    EXPECT_THROW(parse_date(text), Error) << text;
  }
}

TEST(Clock, RefusesOtherTimes) {
  for (const char* text :
       {"", "2026-05-07", "2026-05-07T02:03:04", "2026-05-07T02:03:04z", "2026-05-07 02:03:04Z",
        "2026-05-07T24:00:00Z", "2026-05-07T02:60:00Z", "2026-05-07T02:03:60Z",
        "2026-02-30T02:03:04Z", "2026-05-07T02:03:04Z ", "2026-05-07T-1:03:04Z"}) {
    EXPECT_THROW(parse_time(text), Error) << text;
  }
}

TEST(Clock, RefusesTimesThatNanosecondsCannotHold) {
  EXPECT_EQ(print_time(parse_time("2261-12-31T23:59:59Z")), "2261-12-31T23:59:59Z");
  EXPECT_EQ(print_time(parse_time("1678-01-01T00:00:00Z")), "1678-01-01T00:00:00Z");
  EXPECT_THROW(parse_time("2263-01-01T00:00:00Z"), Error);
  EXPECT_THROW(parse_time("9999-12-31T23:59:59Z"), Error);
  EXPECT_THROW(parse_time("0001-01-01T00:00:00Z"), Error);
}

TEST(Clock, SystemClockGoesForward) {
  const SystemClock clock;
  const auto before = clock.steady_now();
  EXPECT_GT(clock.now(), parse_time("2024-01-01T00:00:00Z"));
  EXPECT_GE(clock.steady_now(), before);
}

TEST(Clock, SleepingEndsWhenAStopIsAskedFor) {
  SystemClock clock;
  clock.sleep(std::chrono::nanoseconds(1), {});
  StopSource stop;
  stop.request_stop();
  EXPECT_THROW(clock.sleep(std::chrono::hours(1), stop.token()), Interrupted);
}

}  // namespace
}  // namespace lifeboat
