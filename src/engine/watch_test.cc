#include "engine/watch.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "engine/store_test_double.h"
#include "snapshot/prune_test_kit.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// A store whose nights were written at the times they are of, and what is said of them.
class Watch : public testing::Test {
 protected:
  // The three objects of `id`, written at `time`.
  void put(const SnapshotId& id, Timestamp time, uint64_t bytes = 100) {
    put_object(id.archive_key(), time, bytes);
    put_object(id.index_key(), time, 1);
    put_object(id.manifest_key(), time, 1);
  }
  void put_object(const std::string& key, Timestamp time, uint64_t bytes = 1) {
    kit_.clock.set(print_time(time));
    kit_.put(key, std::string(bytes, 'x'));
  }
  static SnapshotId id_of(std::string_view text) { return *parse_snapshot_text(text); }
  // "h1/2026-05-07" at 02:10 of that day.
  void night(std::string_view text, uint64_t bytes = 100) {
    const SnapshotId id = id_of(text);
    put(id, sys_days(id.date) + hours(2) + std::chrono::minutes(10), bytes);
  }
  // One a day up to `last`, with the copies of the months, and a drill.
  void nights(std::string_view last, int count, uint64_t bytes = 100) {
    const SnapshotId newest = id_of(last);
    for (int back = count - 1; back >= 0; --back) {
      const Date date(sys_days(newest.date) - days(back));
      night(format("{}/{}", newest.host, print_date(date)), bytes);
      const SnapshotId copy = monthly_of({newest.host, date, "", Tier::daily});
      if (!kit_.store.stat(copy.manifest_key())) put(copy, sys_days(date) + hours(3), bytes);
    }
    const Timestamp drilled = sys_days(newest.date);
    put_object(drill_key(newest.host, drilled, true), drilled);
  }
  WatchReport watch(std::string_view now) { return watch_in(kit_.store, now); }
  WatchReport watch_in(Store& store, std::string_view now) {
    request_.now = parse_time(now);
    return watch_store(store, request_);
  }
  static std::vector<std::string> problems(const WatchReport& report) {
    std::vector<std::string> ids;
    for (const WatchedHost& host : report.hosts) {
      for (const Problem& problem : host.problems) {
        ids.push_back(problem.id);
        EXPECT_FALSE(problem.title.empty() || problem.cause.empty() || problem.hints.empty());
        EXPECT_EQ(std::count(host.ids.begin(), host.ids.end(), problem.id), 1) << problem.id;
      }
    }
    return ids;
  }
  std::vector<std::string> problems(std::string_view now) { return problems(watch(now)); }
  std::vector<std::string> warnings(std::string_view now) { return watch(now).hosts[0].warnings; }

  test::PruneKit kit_;
  WatchRequest request_{.expected = {{.host = "h1", .job = ""}}, .retention = {}};
};

TEST_F(Watch, AllGood) {
  nights("h1/2026-05-20", 20);
  const WatchReport report = watch("2026-05-20T06:00:00Z");
  EXPECT_TRUE(report.is_good());
  EXPECT_THAT(problems(report), IsEmpty());
  EXPECT_THAT(report.unexpected, IsEmpty());
  EXPECT_THAT(report.notes, IsEmpty());
  ASSERT_EQ(report.hosts.size(), 1u);
  const WatchedHost& host = report.hosts[0];
  EXPECT_THAT(host.warnings, IsEmpty());
  EXPECT_EQ(host.shelf.dailies, 20u);
  EXPECT_EQ(print_time(*host.shelf.oldest_expires), "2026-06-01T00:00:00Z");
  EXPECT_EQ(print_time(*host.shelf.newest_expires), "2026-06-20T00:00:00Z");
  EXPECT_EQ(host.monthlies, 1u);
  EXPECT_EQ(print_time(*host.last_drill), "2026-05-20T00:00:00Z");
  ASSERT_EQ(host.jobs.size(), 1u);
  EXPECT_EQ(host.jobs[0].name, "h1");
  EXPECT_EQ(host.jobs[0].newest->text(), "h1/2026-05-20");
  EXPECT_EQ(print_time(host.jobs[0].newest_time), "2026-05-20T02:10:00Z");
  EXPECT_EQ(host.jobs[0].newest_bytes, 100u);
  EXPECT_EQ(host.jobs[0].nights_wanted, 14u);
  EXPECT_THAT(host.jobs[0].missed, IsEmpty());
}

TEST_F(Watch, StaleAfterTwentySixHours) {
  nights("h1/2026-05-20", 20);
  EXPECT_THAT(problems("2026-05-21T04:10:00Z"), IsEmpty());
  const WatchReport report = watch("2026-05-21T04:10:01Z");
  ASSERT_THAT(problems(report), ElementsAre("watch/daily"));
  EXPECT_EQ(report.hosts[0].problems[0].title, "h1: no backup for 26 h");
  EXPECT_EQ(report.hosts[0].problems[0].cause,
            "the newest snapshot, h1/2026-05-20, was finished at 2026-05-20T02:10:00Z; the next "
            "was due by 2026-05-21T04:10:00Z");
}

TEST_F(Watch, OnlyAManifestMakesASnapshot) {
  nights("h1/2026-05-20", 20);
  put_object("h1/2026-05-21/backup.tar.zst.age", parse_time("2026-05-21T02:00:00Z"), 100);
  put_object("h1/2026-05-21/backup.index.age", parse_time("2026-05-21T02:01:00Z"));
  EXPECT_THAT(problems("2026-05-21T05:00:00Z"), ElementsAre("watch/daily"));
}

TEST_F(Watch, NothingThereIsNeverGood) {
  const WatchReport empty = watch("2026-05-20T06:00:00Z");
  ASSERT_THAT(problems(empty), ElementsAre("watch/daily"));
  EXPECT_FALSE(empty.is_good());
  EXPECT_EQ(empty.hosts[0].problems[0].title, "h1: no backup at all");

  nights("h2/2026-05-20", 3);
  put_object("h1/note", parse_time("2026-05-20T02:00:00Z"));
  const WatchReport other = watch("2026-05-20T06:00:00Z");
  EXPECT_THAT(problems(other), ElementsAre("watch/daily"));
  EXPECT_THAT(other.unexpected, ElementsAre("h2"));
}

TEST_F(Watch, AMissedNightIsToldTheNextDayAndThenOnlyMentioned) {
  for (const int day : {1, 2, 3, 4, 6, 7}) night(format("h1/2026-05-{:02}", day));
  night("h1/monthly/2026-05");
  const WatchReport report = watch("2026-05-06T06:00:00Z");
  // What was written later lies in the future here; the clock is another test's matter.
  EXPECT_THAT(report.hosts[0].jobs[0].missed, ElementsAre(MissedNight{Date(2026y / 5 / 5), 0, 1}));
  EXPECT_THAT(problems(report), testing::Contains("watch/missed/daily"));
  EXPECT_THAT(problems("2026-05-07T06:00:00Z"), IsEmpty());
  EXPECT_THAT(warnings("2026-05-07T06:00:00Z"),
              testing::Contains("h1 has no snapshot, or too few, of 2026-05-05."));
  request_.nights = 1;
  EXPECT_THAT(watch("2026-05-07T06:00:00Z").hosts[0].jobs[0].missed, IsEmpty());
}

TEST_F(Watch, WhoIsStaleHearsNoMoreOfMissedNights) {
  nights("h1/2026-05-20", 20);
  const WatchReport report = watch("2026-05-24T06:00:00Z");
  ASSERT_THAT(problems(report), ElementsAre("watch/daily"));
  EXPECT_EQ(report.hosts[0].jobs[0].missed.size(), 3u);
  EXPECT_THAT(report.hosts[0].warnings, IsEmpty());
}

TEST_F(Watch, NightsAcrossBordersOfMonthsAndYearsAndLeapDays) {
  nights("h1/2028-03-05", 10);
  EXPECT_THAT(watch("2028-03-05T06:00:00Z").hosts[0].jobs[0].missed, IsEmpty());
  kit_.store.remove("h1/2028-02-29/manifest.json");
  EXPECT_THAT(watch("2028-03-05T06:00:00Z").hosts[0].jobs[0].missed,
              ElementsAre(MissedNight{Date(2028y / 2 / 29), 0, 1}));
  request_.expected[0].host = "h2";
  nights("h2/2027-01-05", 10);
  EXPECT_THAT(watch("2027-01-05T06:00:00Z").hosts[0].jobs[0].missed, IsEmpty());
  kit_.store.remove("h2/2026-12-31/manifest.json");
  EXPECT_THAT(watch("2027-01-05T06:00:00Z").hosts[0].jobs[0].missed,
              ElementsAre(MissedNight{Date(2026y / 12 / 31), 0, 1}));
}

// 01:00 in Berlin: 23:00 of the day before in UTC, in winter 00:00. The 25th has no run, and no
// night is missing.
TEST_F(Watch, SummerTimeMissesNoNight) {
  for (const int day : {20, 21, 22, 23}) {
    put(id_of(format("h1/2026-10-{}", day)), parse_time(format("2026-10-{}T23:05:00Z", day)));
  }
  put(id_of("h1/2026-10-24"), parse_time("2026-10-24T23:05:00Z"));
  put(id_of("h1/2026-10-26"), parse_time("2026-10-26T00:05:00Z"));
  put(id_of("h1/2026-10-27"), parse_time("2026-10-27T00:05:00Z"));
  const WatchReport report = watch("2026-10-27T06:00:00Z");
  EXPECT_THAT(report.hosts[0].jobs[0].missed, IsEmpty());
  EXPECT_EQ(report.hosts[0].jobs[0].nights_wanted, 6u);
}

TEST_F(Watch, ASecondRunOfADayReplacesNoOtherNight) {
  for (const int day : {1, 2, 4}) night(format("h1/2026-05-{:02}", day));
  put(id_of("h1/2026-05-02-120000"), parse_time("2026-05-02T12:00:00Z"));
  put(id_of("h1/2026-05-04-120000"), parse_time("2026-05-04T12:00:00Z"));
  const WatchReport report = watch("2026-05-04T13:00:00Z");
  EXPECT_EQ(report.hosts[0].jobs[0].newest->text(), "h1/2026-05-04-120000");
  EXPECT_THAT(report.hosts[0].jobs[0].missed, ElementsAre(MissedNight{Date(2026y / 5 / 3), 0, 1}));
}

TEST_F(Watch, SeveralRunsADayAreCounted) {
  request_.expected[0].gap = hours(6);
  request_.expected[0].stale_after = hours(8);
  for (int at = 0; at < 4 * 5; ++at) {
    const Timestamp start = parse_time("2026-05-01T00:00:00Z") + hours(6 * at);
    if (at == 9) continue;
    const Date date = date_of(start);
    put({"h1", date, at % 4 == 0 ? "" : print_compact_time_of_day(start), Tier::daily}, start);
  }
  EXPECT_THAT(watch("2026-05-05T19:00:00Z").hosts[0].jobs[0].missed,
              ElementsAre(MissedNight{Date(2026y / 5 / 3), 3, 4}));
  EXPECT_THAT(warnings("2026-05-05T19:00:00Z"),
              testing::Contains("h1 has no snapshot, or too few, of 2026-05-03 (3 of 4)."));
}

TEST_F(Watch, ShrinkingByMoreThanHalf) {
  nights("h1/2026-05-19", 19);
  night("h1/2026-05-20", 49);
  const WatchReport report = watch("2026-05-20T06:00:00Z");
  ASSERT_THAT(problems(report), ElementsAre("watch/shrunk/daily"));
  EXPECT_EQ(report.hosts[0].problems[0].title, "h1: the newest backup shrank by 51 %");
  EXPECT_EQ(report.hosts[0].problems[0].cause,
            "h1/2026-05-20 has 49 B, the 7 before it had 100 B on average");
}

TEST_F(Watch, HalfIsNotMoreThanHalf) {
  nights("h1/2026-05-19", 19);
  night("h1/2026-05-20", 50);
  EXPECT_THAT(problems("2026-05-20T06:00:00Z"), IsEmpty());
}

TEST_F(Watch, SizesAreComparedWithSevenBeforeAndNotWithLess) {
  nights("h1/2026-05-09", 9, 1000);
  for (int day = 10; day <= 17; ++day) night(format("h1/2026-05-{}", day), 100);
  EXPECT_THAT(problems("2026-05-17T06:00:00Z"), IsEmpty());  // the seven before are small, too

  request_.expected[0].host = "h2";
  nights("h2/2026-05-16", 2, 1000);
  night("h2/2026-05-17", 1);
  EXPECT_THAT(problems("2026-05-17T06:00:00Z"), IsEmpty());  // two say nothing about what is usual
}

TEST_F(Watch, TheCliff) {
  nights("h1/2026-05-20", 20);
  // Written on the 20th, gone when the 19th of June is over: 7 days before that is the 13th.
  EXPECT_THAT(problems("2026-06-12T23:00:00Z"), ElementsAre("watch/daily"));
  const WatchReport report = watch("2026-06-13T00:00:00Z");
  ASSERT_THAT(problems(report), ElementsAre("watch/daily", "watch/cliff"));
  const Problem& cliff = report.hosts[0].problems[1];
  EXPECT_EQ(cliff.title, "h1: the last nightly copy goes on 2026-06-20");
  EXPECT_EQ(cliff.cause,
            "20 nightly copies are left, retention takes each after 30 days, and no new one comes; "
            "1 monthly copy is left, the newest of h1/monthly/2026-05");
}

TEST_F(Watch, ShortRetentionHasItsCliffLater) {
  request_.retention.daily_days = 3;
  nights("h1/2026-05-20", 3);
  EXPECT_THAT(problems("2026-05-20T06:00:00Z"), IsEmpty());
  EXPECT_THAT(problems("2026-05-22T13:00:00Z"), ElementsAre("watch/daily", "watch/cliff"));
}

TEST_F(Watch, OnlyMonthliesAreLeft) {
  put(id_of("h1/monthly/2026-03"), parse_time("2026-03-01T03:00:00Z"));
  put(id_of("h1/monthly/2026-04"), parse_time("2026-04-01T03:00:00Z"));
  const WatchReport report = watch("2026-05-20T06:00:00Z");
  ASSERT_THAT(problems(report), ElementsAre("watch/daily", "watch/cliff"));
  EXPECT_EQ(report.hosts[0].problems[1].cause,
            "2 monthly copies are left, the newest of h1/monthly/2026-04");
}

TEST_F(Watch, AMonthThatIsOverHasItsCopy) {
  nights("h1/2026-06-05", 20);
  EXPECT_THAT(problems("2026-06-05T06:00:00Z"), IsEmpty());
  kit_.store.remove("h1/monthly/2026-05/manifest.json");
  const WatchReport report = watch("2026-06-05T06:00:00Z");
  ASSERT_THAT(problems(report), ElementsAre("watch/monthly"));
  EXPECT_EQ(report.hosts[0].problems[0].title, "h1: no monthly copy, h1/monthly/2026-05");
  EXPECT_THAT(report.hosts[0].problems[0].hints[0], HasSubstr("h1/2026-05-31/ to h1/monthly/"));
  request_.retention.monthly_months = 0;
  EXPECT_THAT(problems("2026-06-05T06:00:00Z"), IsEmpty());
}

TEST_F(Watch, AMonthIsOverADayAfterItsEnd) {
  nights("h1/2027-01-01", 20);
  kit_.store.remove("h1/monthly/2026-12/manifest.json");
  EXPECT_THAT(problems("2027-01-01T23:59:59Z"), IsEmpty());
  EXPECT_THAT(problems("2027-01-02T00:00:00Z"), ElementsAre("watch/monthly"));
}

TEST_F(Watch, NoCopyOfAMonthWithoutNights) {
  nights("h1/2026-06-10", 10);  // the first of all was on the 1st
  EXPECT_THAT(problems("2026-06-10T06:00:00Z"), IsEmpty());
}

TEST_F(Watch, HolesAmongOldMonthsAreMentioned) {
  nights("h1/2026-06-10", 30);
  put(id_of("h1/monthly/2026-01"), parse_time("2026-01-01T03:00:00Z"));
  put(id_of("h1/monthly/2026-03"), parse_time("2026-03-01T03:00:00Z"));
  EXPECT_THAT(problems("2026-06-10T06:00:00Z"), IsEmpty());
  EXPECT_THAT(warnings("2026-06-10T06:00:00Z"),
              ElementsAre("There is no h1/monthly/2026-02, h1/monthly/2026-04."));
}

TEST_F(Watch, ArchivesThatAreGone) {
  nights("h1/2026-05-20", 20);
  kit_.store.remove("h1/2026-05-20/backup.tar.zst.age");
  const WatchReport report = watch("2026-05-20T06:00:00Z");
  ASSERT_THAT(problems(report), ElementsAre("watch/daily", "watch/damaged"));
  EXPECT_EQ(report.hosts[0].jobs[0].newest->text(), "h1/2026-05-19");
  // Where retention is at work anyway, it need not take all at once.
  nights("h2/2026-05-20", 20);
  request_.expected[0].host = "h2";
  kit_.store.remove("h2/2026-05-01/backup.tar.zst.age");
  EXPECT_THAT(problems("2026-05-20T06:00:00Z"), ElementsAre("watch/damaged"));
  request_.retention.daily_days = 19;
  EXPECT_THAT(problems("2026-05-20T06:00:00Z"), IsEmpty());
}

TEST_F(Watch, RunsThatWereKilled) {
  nights("h1/2026-05-20", 20);
  put_object("h1/2026-05-20/backup-120000.tar.zst.age", parse_time("2026-05-20T12:00:00Z"));
  EXPECT_THAT(warnings("2026-05-20T18:00:00Z"), IsEmpty());  // it may be under way
  EXPECT_THAT(warnings("2026-05-20T18:00:01Z"),
              ElementsAre("Left by runs that were killed, and no snapshots: "
                          "h1/2026-05-20-120000."));
  EXPECT_THAT(problems("2026-05-20T18:00:01Z"), IsEmpty());
}

TEST_F(Watch, DrillsGrowOld) {
  nights("h1/2026-05-20", 20);
  kit_.store.remove("h1/drills/2026-05-20.json");
  EXPECT_THAT(warnings("2026-05-20T06:00:00Z"),
              ElementsAre("No drill of h1 ever left its evidence here."));
  put_object("h1/drills/2026-02-17.json", parse_time("2026-02-17T06:00:00Z"));
  EXPECT_THAT(problems("2026-05-20T06:00:00Z"), IsEmpty());
  const WatchReport report = watch("2026-05-20T06:00:01Z");
  ASSERT_THAT(problems(report), ElementsAre("watch/drill"));
  EXPECT_EQ(report.hosts[0].problems[0].title, "h1: no restore drill for 92 days");
}

TEST_F(Watch, ClocksThatAreWrong) {
  nights("h1/2026-05-20", 20);
  // The store's clock, or ours.
  EXPECT_THAT(problems("2026-05-20T01:55:00Z"), IsEmpty());
  EXPECT_THAT(problems("2026-05-20T01:54:59Z"), ElementsAre("watch/clock"));
  // The host's.
  put(id_of("h1/2026-05-21"), parse_time("2026-05-20T23:50:00Z"));
  EXPECT_THAT(problems("2026-05-21T06:00:00Z"), IsEmpty());
  put(id_of("h1/2026-06-20"), parse_time("2026-05-21T02:10:00Z"));
  EXPECT_THAT(problems("2026-05-21T06:00:00Z"), ElementsAre("watch/clock"));
}

TEST_F(Watch, WhatWasCopiedToAnotherBucketIsNoYounger) {
  for (int day = 1; day <= 20; ++day) {
    put(id_of(format("h1/2026-05-{:02}", day)), parse_time("2026-05-25T12:00:00Z"));
  }
  const WatchReport report = watch("2026-05-25T13:00:00Z");
  ASSERT_THAT(problems(report), ElementsAre("watch/daily"));
  EXPECT_EQ(print_time(report.hosts[0].jobs[0].newest_time), "2026-05-21T00:00:00Z");
}

TEST_F(Watch, WeeksAreIsoWeeks) {
  request_.expected = {{"h1", "supabase-weekly", Tier::weekly, days(7), days(7) + hours(2)}};
  for (const auto& [week, time] : {std::pair{"2026-W52", "2026-12-27T03:00:00Z"},
                                   std::pair{"2026-W53", "2027-01-03T03:00:00Z"}}) {
    put(id_of(format("h1/supabase-weekly/{}", week)), parse_time(time));
  }
  EXPECT_THAT(problems("2027-01-10T05:00:00Z"), IsEmpty());
  const WatchReport late = watch("2027-01-10T05:00:01Z");
  ASSERT_THAT(problems(late), ElementsAre("watch/supabase-weekly"));
  EXPECT_EQ(late.hosts[0].jobs[0].newest->text(), "h1/supabase-weekly/2026-W53");
  EXPECT_EQ(late.hosts[0].jobs[0].name, "h1/supabase-weekly");
  EXPECT_EQ(late.hosts[0].jobs[0].nights_wanted, 0u);
  put(id_of("h1/supabase-weekly/2027-W01"), parse_time("2027-01-10T03:00:00Z"));
  EXPECT_THAT(problems("2027-01-10T05:00:01Z"), IsEmpty());
}

TEST_F(Watch, NightliesAndWeekliesOfOneHost) {
  request_.expected = {{.host = "h1", .job = ""},
                       {"h1", "supabase-weekly", Tier::weekly, days(7), days(7) + hours(2)},
                       {.host = "h2", .job = ""}};
  nights("h1/2026-05-20", 20);
  nights("h2/2026-05-20", 20);
  const WatchReport report = watch("2026-05-20T06:00:00Z");
  ASSERT_THAT(problems(report), ElementsAre("watch/supabase-weekly"));
  ASSERT_EQ(report.hosts.size(), 2u);
  EXPECT_EQ(report.hosts[0].jobs.size(), 2u);
  EXPECT_THAT(report.hosts[1].problems, IsEmpty());
}

// May list and nothing else, in folders of some hosts or in all.
class ListOnly final : public test::ForwardingStore {
 public:
  explicit ListOnly(Store& inner, std::string below = "")
      : ForwardingStore(inner), below_(std::move(below)) {}
  std::unique_ptr<Source> open(const std::string&, ByteRange) override {
    throw Error(ErrorKind::store, "denied");
  }
  std::vector<ObjectInfo> list(std::string_view prefix) override {
    if (!prefix.starts_with(below_)) throw Error(ErrorKind::store, "denied");
    return ForwardingStore::list(prefix);
  }

 private:
  std::string below_;
};

class WatchJobs : public Watch {
 protected:
  WatchJobs() {
    request_.expected = {{.host = "h1", .job = "a"}, {.host = "h1", .job = "b"}};
    for (int day = 1; day <= 9; ++day) {
      run("a", format("2026-05-{:02}T02:00:00Z", day));
      if (day < 9) run("b", format("2026-05-{:02}T03:00:00Z", day));
    }
  }
  void run(const std::string& job, std::string_view time) {
    kit_.clock.set(time);
    kit_.backup({.job = job}, time);
  }
  ListOnly list_only_{kit_.store};
};

TEST_F(WatchJobs, ToldApartByTheirManifests) {
  EXPECT_THAT(problems("2026-05-09T04:00:00Z"), IsEmpty());
  const WatchReport report = watch("2026-05-09T06:00:00Z");
  ASSERT_THAT(problems(report), ElementsAre("watch/b"));
  ASSERT_EQ(report.hosts[0].jobs.size(), 2u);
  EXPECT_EQ(report.hosts[0].jobs[0].name, "h1/a");
  EXPECT_EQ(report.hosts[0].jobs[1].newest->text(), "h1/2026-05-08-030000");
  EXPECT_THAT(report.notes, IsEmpty());
  EXPECT_THAT(report.hosts[0].ids, testing::Contains("watch/daily"));
}

TEST_F(WatchJobs, CountedTogetherWhereManifestsMayNotBeRead) {
  const WatchReport today = watch_in(list_only_, "2026-05-09T06:00:00Z");
  EXPECT_THAT(problems(today), IsEmpty());  // that one of two is late shows when the day is over
  ASSERT_EQ(today.hosts[0].jobs.size(), 1u);
  EXPECT_EQ(today.hosts[0].jobs[0].name, "h1/a+b");
  EXPECT_THAT(today.notes, ElementsAre(HasSubstr("may not read manifests")));
  run("a", "2026-05-10T02:00:00Z");
  const WatchReport tomorrow = watch_in(list_only_, "2026-05-10T02:30:00Z");
  ASSERT_THAT(problems(tomorrow), ElementsAre("watch/missed/daily"));
  EXPECT_EQ(tomorrow.hosts[0].problems[0].cause,
            "there is no snapshot, or there are too few, of 2026-05-09 (1 of 2)");
  EXPECT_THAT(tomorrow.hosts[0].ids, testing::IsSupersetOf({"watch/a", "watch/b"}));
}

TEST_F(WatchJobs, ADamagedManifestCountsForNoJob) {
  kit_.clock.set("2026-05-09T03:00:00Z");
  kit_.backup({.job = "b", .is_damaged = true}, "2026-05-09T03:00:00Z");
  EXPECT_THAT(problems("2026-05-09T06:00:00Z"), ElementsAre("watch/b"));
  EXPECT_THAT(warnings("2026-05-09T06:00:00Z"),
              testing::Contains(HasSubstr("h1/2026-05-09-030000 counts for no job")));
}

TEST_F(WatchJobs, SizesOfWholeDaysAreCompared) {
  request_.expected = {{.host = "h2", .job = "a"}, {.host = "h2", .job = "b"}};
  for (int day = 1; day <= 9; ++day) {
    const std::string date = format("2026-05-{:02}", day);
    put(id_of(format("h2/{}", date)), parse_time(format("{}T02:00:00Z", date)), 1000);
    if (day == 9) break;  // a day of which half is there shrank by nothing
    put(id_of(format("h2/{}-030000", date)), parse_time(format("{}T03:00:00Z", date)), 10);
  }
  EXPECT_THAT(problems(watch_in(list_only_, "2026-05-09T02:30:00Z")), IsEmpty());
  put(id_of("h2/2026-05-09-030000"), parse_time("2026-05-09T03:00:00Z"), 10);
  EXPECT_THAT(problems(watch_in(list_only_, "2026-05-09T06:00:00Z")), IsEmpty());
  put(id_of("h2/2026-05-10"), parse_time("2026-05-10T02:00:00Z"), 400);
  put(id_of("h2/2026-05-10-030000"), parse_time("2026-05-10T03:00:00Z"), 10);
  EXPECT_THAT(problems(watch_in(list_only_, "2026-05-10T06:00:00Z")),
              ElementsAre("watch/shrunk/daily"));
}

TEST_F(Watch, AKeyForOneHostsFolder) {
  nights("h1/2026-05-20", 20);
  nights("h2/2026-05-20", 20);
  ListOnly store(kit_.store, "h1/");
  const WatchReport report = watch_in(store, "2026-05-20T06:00:00Z");
  EXPECT_TRUE(report.is_good());
  EXPECT_THAT(report.unexpected, IsEmpty());
  EXPECT_THAT(report.notes, ElementsAre(HasSubstr("other hosts are not seen")));
  request_.expected.push_back({.host = "h2", .job = ""});
  EXPECT_THROW(watch_in(store, "2026-05-20T06:00:00Z"), Error);
}

TEST_F(Watch, AStoreThatCannotBeListedThrows) {
  ListOnly store(kit_.store, "nothing");
  EXPECT_THROW(watch_in(store, "2026-05-20T06:00:00Z"), Error);
}

}  // namespace
}  // namespace lifeboat
