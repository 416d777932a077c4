#include "scheduler/when.h"

#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "config/schedule.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::sys_days;

TEST(CronFields, SaySchedulesAsACrontabDoes) {
  EXPECT_EQ(cron_fields("02:00", "h", "backup-nightly"), "0 2 * * *");
  EXPECT_EQ(cron_fields("02:30", "h", "backup-nightly"), "30 2 * * *");
  EXPECT_EQ(cron_fields("23:09", "h", "backup-nightly"), "9 23 * * *");
  EXPECT_EQ(cron_fields("0  3 * *   sun", "h", "backup-weekly"), "0 3 * * sun");
  EXPECT_THROW(cron_fields("manual", "h", "x"), Bug);
  EXPECT_THROW(cron_fields("yearly", "h", "x"), Bug);
}

// The time must not move from one version to the next: an `install` would change it for no reason.
TEST(CronFields, TheTimeOfAWordFollowsFromTheNames) {
  EXPECT_EQ(cron_fields("hourly", "vps-h1", "backup-a"), "5 * * * *");
  EXPECT_EQ(cron_fields("daily", "vps-h1", "backup-a"), "5 4 * * *");
  EXPECT_EQ(cron_fields("weekly", "vps-h1", "drill"), "9 5 * * 0");
  EXPECT_EQ(cron_fields("monthly", "vps-h1", "backup-a"), "5 4 1 * *");
  EXPECT_EQ(cron_fields("daily", "vps-h1", "prune"), "54 6 * * *");
}

TEST(CronFields, TenThousandHostsAreSpread) {
  std::map<std::string, int> starts;
  for (int host = 0; host < 10000; ++host) {
    ++starts[cron_fields("daily", format("vps-{}", host), "backup-nightly")];
  }
  EXPECT_EQ(starts.size(), 120u);  // every minute from 3 to 5
  for (const auto& [time, count] : starts) EXPECT_LT(count, 2 * 10000 / 120) << time;
}

TEST(OnCalendar, IsShort) {
  using Values = std::vector<std::string>;
  EXPECT_EQ(on_calendar("0 2 * * *"), Values{"*-*-* 2:0:00"});
  EXPECT_EQ(on_calendar("0 3 * * 0"), Values{"Sun *-*-* 3:0:00"});
  EXPECT_EQ(on_calendar("*/20 1-3,7 * * mon-fri"), Values{"Mon..Fri *-*-* 1..3,7:0,20,40:00"});
  EXPECT_EQ(on_calendar("0 0 1 * 1"), (Values{"*-*-1 0:0:00", "Mon *-*-* 0:0:00"}));
  EXPECT_THROW(on_calendar("02:00"), Bug);
}

// The first starts of five fields in UTC, by the fields alone.
std::set<std::string> own_starts(const std::string& fields, sys_days from, size_t count) {
  const CronTimes times = cron_times(fields).value();
  const auto has = [](const std::vector<unsigned>& values, unsigned value) {
    return std::find(values.begin(), values.end(), value) != values.end();
  };
  std::set<std::string> starts;
  for (sys_days day = from;; day += days(1)) {
    const std::chrono::year_month_day date(day);
    const bool is_day = has(times.days, unsigned{date.day()});
    const bool is_weekday = has(times.weekdays, std::chrono::weekday(day).c_encoding());
    if (!has(times.months, unsigned{date.month()})) continue;
    if (times.either_day ? !is_day && !is_weekday : !is_day || !is_weekday) continue;
    for (const unsigned hour : times.hours) {
      for (const unsigned minute : times.minutes) {
        starts.insert(format("{:04}-{:02}-{:02} {:02}:{:02}:00", int{date.year()},
                             unsigned{date.month()}, unsigned{date.day()}, hour, minute));
        if (starts.size() == count) return starts;
      }
    }
  }
}

// The same by systemd itself.
std::set<std::string> systemd_starts(const std::string& fields, size_t count) {
  std::string command = format(
      "TZ=UTC LC_ALL=C systemd-analyze calendar --base-time='2026-11-30 23:59:59' --iterations={}",
      count);
  for (const std::string& value : on_calendar(fields)) command += format(" '{}'", value);
  std::set<std::string> starts;
  for (const std::string& line : split(test::shell_ok(command), '\n')) {
    const size_t at = line.find(" UTC");
    if (at == std::string::npos || at < 19 || line.find("(in UTC)") != std::string::npos) continue;
    starts.insert(line.substr(at - 19, 19));
  }
  while (starts.size() > count) starts.erase(std::prev(starts.end()));
  return starts;
}

TEST(OnCalendar, SystemdStartsWhenCronWould) {
  if (test::shell("systemd-analyze --version").status != 0) GTEST_SKIP() << "no systemd-analyze";
  for (const char* fields : {"0 2 * * *", "30 2 * * *", "0 3 * * 0", "0 3 * * 7", "*/17 * * * *",
                             "59 23 31 12 *", "0 0 29 2 *", "5 4 1,15 * *", "5 4 1,15 * fri",
                             "0 */6 * jan-mar,dec mon-fri", "1-5 1-3,7 */2 * 1", "0 0 */10 * 2,4-6",
                             "0 12 * * sat,sun,3", "7 3 13 * 5", "0 22 1-7 * 6,0"}) {
    EXPECT_EQ(systemd_starts(fields, 12), own_starts(fields, std::chrono::December / 1 / 2026, 12))
        << fields;
  }
}

// What docs/INSTALL.md says of the two nights in Warsaw: 2026-03-29 has no hour 2, 2026-10-25 two.
TEST(OnCalendar, SystemdLeavesOutASkippedHourAndStartsADoubledOneOnce) {
  if (test::shell("systemd-analyze --version").status != 0) GTEST_SKIP() << "no systemd-analyze";
  const auto starts = [](std::string_view schedule, std::string_view after) {
    const std::string value = on_calendar(cron_fields(schedule, "h1", "backup-nightly")).at(0);
    const std::string told = test::shell_ok(
        format("TZ=Europe/Warsaw LC_ALL=C systemd-analyze calendar --base-time='{}' --iterations=2 "
               "'{}'",
               after, value));
    std::vector<std::string> found;
    for (const std::string& line : split(told, '\n')) {
      if (line.find("(in UTC)") != std::string::npos) continue;
      const size_t at = line.find(" CE");
      if (at != std::string::npos) found.push_back(line.substr(at - 19));
    }
    return found;
  };
  using Days = std::vector<std::string>;
  for (const std::string time : {"02:00", "02:30"}) {
    EXPECT_EQ(starts(time, "2026-03-28 12:00:00"),
              (Days{"2026-03-30 " + time + ":00 CEST", "2026-03-31 " + time + ":00 CEST"}));
    EXPECT_EQ(starts(time, "2026-10-24 12:00:00"),
              (Days{"2026-10-25 " + time + ":00 CEST", "2026-10-26 " + time + ":00 CET"}));
  }
  EXPECT_EQ(starts("03:00", "2026-03-28 12:00:00").at(0), "2026-03-29 03:00:00 CEST");
  EXPECT_TRUE(starts("daily", "2026-03-28 12:00:00").at(0).starts_with("2026-03-29 ")) << "after 3";
}

// The zone of this process, for as long as it lives.
class Zone {
 public:
  explicit Zone(const char* name) {
    if (const char* old = ::getenv("TZ")) old_ = old;
    ::setenv("TZ", name, 1);
    ::tzset();
  }
  ~Zone() {
    if (old_) {
      ::setenv("TZ", old_->c_str(), 1);
    } else {
      ::unsetenv("TZ");
    }
    ::tzset();
  }
  Zone(const Zone&) = delete;
  Zone& operator=(const Zone&) = delete;

 private:
  std::optional<std::string> old_;
};

std::string skipped(std::string_view fields, std::string_view now = "2026-11-28T09:00:00Z") {
  const auto found = skipped_start(fields, parse_time(now));
  if (!found) return "";
  const auto text = [](auto local) {
    return print_time(Timestamp(local.time_since_epoch())).substr(0, 16);
  };
  return text(found->begin) + " " + text(found->end);
}

// Each zone's next change, from tzdata: Warsaw's hour 2, the Azores' hour 0, Lord Howe's half hour.
TEST(SkippedStart, IsFoundInTheHourThatDoesNotCome) {
  {
    const Zone zone("Europe/Warsaw");
    const std::string night = "2027-03-28T02:00 2027-03-28T03:00";
    for (const char* fields : {"0 2 * * *", "59 2 * * *", "30 2 * * 0", "30 2 28 3 *", "0 2 1 * 0",
                               "5 */2 * * *", "0 1-4 * mar *"}) {
      EXPECT_EQ(skipped(fields), night) << fields;
    }
    for (const char* fields : {"59 1 * * *", "0 3 * * *", "30 2 * * 1", "30 2 27 3 *", "30 2 * 4 *",
                               "5 * * * *", "0 2 1 3 *"}) {
      EXPECT_EQ(skipped(fields), "") << fields;
    }
    EXPECT_EQ(skipped("0 2 * * *", "2027-03-28T00:59:59Z"), night) << "a second before";
    EXPECT_EQ(skipped("0 2 * * *", "2027-03-28T01:00:00Z").substr(0, 10), "2028-03-26");
  }
  {
    const Zone zone("Atlantic/Azores");
    EXPECT_EQ(skipped("30 0 * * *"), "2027-03-28T00:00 2027-03-28T01:00");
  }
  {
    const Zone zone("Australia/Lord_Howe");
    EXPECT_EQ(skipped("15 2 * * *"), "2027-10-03T02:00 2027-10-03T02:30");
    EXPECT_EQ(skipped("30 2 * * *"), "");
  }
  for (const char* name : {"UTC", "Asia/Kolkata", "Etc/GMT-3"}) {
    const Zone zone(name);
    EXPECT_EQ(skipped("0 2 * * *"), "") << name;
  }
}

}  // namespace
}  // namespace lifeboat
