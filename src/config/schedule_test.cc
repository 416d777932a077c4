#include "config/schedule.h"

#include <gtest/gtest.h>

#include "base/error.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Case {
  const char* schedule;
  seconds gap;
};

TEST(Schedule, WhatIsOne) {
  for (const char* good :
       {"00:00", "23:59", "daily", "manual", "0 2 * * *", "*/5 1-3,7 1 12 0", "0 0 1-31/2 * 7",
        "0  3 * * 0", "0 2 * JAN-mar,dec Mon-Fri", "59 23 31 12 7", "0 0 * * sun,6"}) {
    EXPECT_TRUE(is_schedule(good)) << good;
  }
  for (const char* bad : {"",
                          "24:00",
                          "2:00",
                          "02:60",
                          "0200",
                          "yearly",
                          "0 2 * *",
                          "0 2 * * * *",
                          "60 2 * * *",
                          "0 2 0 * *",
                          "5-1 * * * *",
                          "*/0 * * * *",
                          "*/60 * * * *",
                          "5/2 * * * *",
                          "a * * * *",
                          "1, * * * *",
                          "- * * * *",
                          "02:0x",
                          "+2:00",
                          "0 24 * * *",
                          "0 2 32 * *",
                          "0 2 * 0 *",
                          "0 2 * 13 *",
                          "0 2 * * 8",
                          "0 2 * monday *",
                          "0 2 * * jan",
                          "0 2 * * sat-sun",
                          "0 2 mon * *",
                          "*-5 * * * *",
                          "1-2-3 * * * *",
                          "5- * * * *",
                          "0 2 * * -1"}) {
    EXPECT_FALSE(is_schedule(bad)) << bad;
  }
}

TEST(Schedule, LongestGapOfWordsAndTimes) {
  EXPECT_EQ(longest_gap("manual"), std::nullopt);
  for (const Case& one :
       {Case{"hourly", hours(1)}, Case{"daily", hours(24)}, Case{"02:00", hours(24)},
        Case{"weekly", days(7)}, Case{"monthly", days(31)}}) {
    EXPECT_EQ(longest_gap(one.schedule), one.gap) << one.schedule;
  }
}

TEST(Schedule, LongestGapOfCronFields) {
  for (const Case& one : {
           Case{"0 2 * * *", hours(24)},
           Case{"* * * * *", minutes(1)},
           Case{"*/15 * * * *", minutes(15)},
           Case{"*/25 * * * *", minutes(25)},  // :00, :25, :50, and 10 minutes to the next :00
           Case{"5,10 * * * *", minutes(55)},
           Case{"10-50/20 * * * *", minutes(20)},  // :10, :30, :50
           Case{"0 */6 * * *", hours(6)},
           Case{"0 */7 * * *", hours(7)},     // 0, 7, 14, 21, and 3 hours to midnight
           Case{"30 9-17 * * *", hours(16)},  // the night
           Case{"0 2,14 * * *", hours(12)},
           Case{"0 2 * * 0", days(7)},
           Case{"0 2 * * 7", days(7)},
           Case{"0 2 * * SUN", days(7)},
           Case{"0 2 * * mon-fri", days(3)},  // Friday to Monday
           Case{"0 2 * * 1,4", days(4)},
           Case{"0 2 * * 5-7", days(5)},  // Sunday to Friday
           Case{"0 2 * * */2", days(2)},  // Sunday, Tuesday, Thursday, Saturday
           Case{"0 2 * * */7", days(7)},  // 0 and 7 are one day
           Case{"0 2 1 * *", days(31)},
           Case{"0 2 31 * *", days(61)},  // 31 March to 31 May
           Case{"0 2 30 * *", days(60)},  // 30 January to 30 March of a leap year
           Case{"0 2 */2 * *", days(2)},  // 31st to 1st is one day
           Case{"0 2 1,15 * *", days(17)},
           Case{"0 2 1 1 *", days(366)},
           Case{"0 2 1 jan,jul *", days(184)},
           Case{"0 2 * jan *", days(336)},  // 31 January to 1 January with a leap day
           Case{"0 2 29 2 *", days(2921)},  // 2096 to 2104: eight years
       }) {
    EXPECT_EQ(longest_gap(one.schedule), one.gap) << one.schedule;
  }
}

TEST(Schedule, DayOfMonthOrDayOfWeek) {
  // Both given: either. Mondays alone are 7 days apart; the first adds runs.
  EXPECT_EQ(longest_gap("0 2 1 * 1"), days(7));
  EXPECT_EQ(longest_gap("0 2 1-30 * 0"), days(1) + days(1));  // the 31st is seldom a Sunday
  // One that begins with '*' does not count as given: both must be true, a Monday and an odd day.
  EXPECT_EQ(longest_gap("0 2 * * 1"), days(7));
  EXPECT_EQ(longest_gap("0 2 */2 * 1"), days(21));
}

TEST(Schedule, NeverTrue) {
  EXPECT_EQ(longest_gap("0 2 30 2 *"), std::nullopt);
  EXPECT_EQ(longest_gap("0 2 31 4,6,9,11 *"), std::nullopt);
  EXPECT_EQ(stale_after("0 2 30 feb *"), std::nullopt);
  // Or on a Sunday in February.
  EXPECT_EQ(longest_gap("0 2 30 2 0"), days(350));
}

TEST(Schedule, StaleAfterTheGapAndTwoHours) {
  EXPECT_EQ(stale_after("02:00"), seconds(93600));
  EXPECT_EQ(stale_after("0 2 * * *"), seconds(93600));
  EXPECT_EQ(stale_after("weekly"), days(7) + hours(2));
  EXPECT_EQ(stale_after("hourly"), hours(3));
  EXPECT_EQ(stale_after("manual"), std::nullopt);
}

TEST(Schedule, RunsPerDayOnAverage) {
  EXPECT_EQ(runs_per_day("02:00"), 1);
  EXPECT_EQ(runs_per_day("hourly"), 24);
  EXPECT_EQ(runs_per_day("manual"), std::nullopt);
  EXPECT_EQ(runs_per_day("0 2 30 2 *"), std::nullopt);
  EXPECT_DOUBLE_EQ(*runs_per_day("weekly"), 1.0 / 7);
  EXPECT_DOUBLE_EQ(*runs_per_day("0 3 * * 0"), 1.0 / 7);
  EXPECT_DOUBLE_EQ(*runs_per_day("0,30 2,14 * * mon-fri"), 4 * 5.0 / 7);
  EXPECT_NEAR(*runs_per_day("0 2 1 * *"), 12 / 365.2425, 1e-9);
  EXPECT_THROW(runs_per_day("yearly"), Bug);
}

TEST(Schedule, OtherTextIsABug) { EXPECT_THROW(longest_gap("yearly"), Bug); }

}  // namespace
}  // namespace lifeboat
