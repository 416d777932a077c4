#include "observe/report/nights.h"

#include <gtest/gtest.h>

#include "observe/report/report_test_kit.h"

namespace lifeboat::report {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using test::good_night;
using test::last_night;
using test::past_nights;

// A letter a night: o whole, p partial, d damaged, u unfinished, m missing, - none due.
std::string row(const History& history, const NightRange& range) {
  const HostHistory& host = history.hosts.at(0);
  std::string letters;
  for (const Night& night : nights_of(host, host.jobs.at(0), range)) {
    letters += "opdum-"[static_cast<size_t>(night.state)];
  }
  return letters;
}
NightRange nightly(Timestamp now, Timestamp since = last_night - days(90)) {
  return {since, now, seconds(93600)};
}

TEST(Nights, BeginWithTheFirstThatIsKnown) {
  EXPECT_EQ(row(past_nights(4), nightly(last_night + hours(1))), "oooo");
  EXPECT_EQ(row(past_nights(4), nightly(last_night + hours(1), last_night - days(1))), "oo");
  EXPECT_EQ(row(History{{}, {{"h1", {{.name = "nightly"}}, {}, {}, {}}}}, nightly(last_night)),
            "-");
}

TEST(Nights, EachHasItsState) {
  History history = past_nights(7);
  HostHistory& host = history.hosts[0];
  auto& made = host.jobs[0].snapshots;
  made[1].services[0].ok = false;
  made[2].error = "its archive is missing";
  made.erase(made.begin() + 4, made.begin() + 6);
  host.unfinished.push_back({"h1/2026-05-29", last_night - days(2), last_night, 1});
  EXPECT_EQ(row(history, nightly(last_night + hours(1))), "opdoumo");
  host.damaged.push_back({.name = "h1/2026-05-30", .started = last_night - days(1)});
  EXPECT_EQ(row(history, nightly(last_night + hours(1))), "opdoudo");
}

TEST(Nights, TheLastOneIsMissingOnlyWhenItIsLate) {
  History history = past_nights(3);
  EXPECT_EQ(row(history, nightly(last_night + hours(26))), "ooo-");
  EXPECT_EQ(row(history, nightly(last_night + hours(26) + seconds(1))), "ooom");
  EXPECT_EQ(row(history, {last_night - days(90), last_night + days(3), {}}), "ooo---")
      << "a job run by hand is never late";
  EXPECT_EQ(row(history, {last_night - days(90), last_night + days(3), seconds(days(3))}),
            "ooo---");
}

TEST(Nights, TheBestOfANightCounts) {
  History history = past_nights(2);
  auto& made = history.hosts[0].jobs[0].snapshots;
  PastSnapshot second = good_night("h1", last_night + hours(1), 5);
  second.services[0].ok = false;
  made.push_back(second);
  EXPECT_EQ(row(history, nightly(last_night + hours(2))), "oo");
  made.erase(made.begin() + 1);
  EXPECT_EQ(row(history, nightly(last_night + hours(2))), "op");
}

TEST(Nights, WeeksBeginOnMondays) {
  History history = past_nights(1);
  JobHistory& job = history.hosts[0].jobs[0];
  job.pace = Pace::weekly;
  // 31 May 2026 is a Sunday.
  for (const int weeks : {1, 3}) {
    job.snapshots.insert(job.snapshots.begin(), good_night("h1", last_night - days(7 * weeks), 7));
  }
  const NightRange range{last_night - days(90), last_night + days(2), seconds(days(7) + hours(2))};
  EXPECT_EQ(row(history, range), "omoo-");
  const auto weeks = nights_of(history.hosts[0], job, range);
  EXPECT_EQ(print_time(weeks[0].begin), "2026-05-04T00:00:00Z");
}

}  // namespace
}  // namespace lifeboat::report
