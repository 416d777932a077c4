#include "observe/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.h"
#include "observe/report/report_test_kit.h"

namespace lifeboat::test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> told(const Status& status) {
  std::vector<std::string> texts;
  for (const StatusFinding& finding : status.findings) {
    texts.push_back(format("{} {} {}: {}",
                           finding.level == FindingLevel::error ? "error" : "warning", finding.host,
                           finding.job, finding.text));
  }
  return texts;
}

Status assess_at(const History& history, Timestamp now) {
  StatusInput input;
  input.history = &history;
  input.now = now;
  return assess(input);
}

TEST(Status, GoodNightsNeedNoLook) {
  const History history = past_nights(10);
  const Status status = assess_at(history, last_night + hours(5));
  EXPECT_THAT(told(status), IsEmpty());
  ASSERT_EQ(status.jobs.size(), 1U);
  const JobStatus& job = status.jobs[0];
  EXPECT_EQ(job.drill, "ok");
  EXPECT_EQ(job.drill_level, FindingLevel::ok);
  EXPECT_EQ(job.run, "ok");
  EXPECT_EQ(job.archive_bytes, 1009000U);
  EXPECT_EQ(job.last_success, last_night + minutes(1));
  // The mean of the seven before it is 1005000.
  EXPECT_NEAR(*job.change, 4.0 / 1005, 1e-9);
  EXPECT_EQ(*job.recovery, seconds(42));
}

TEST(Status, AnAgeHasItsBorders) {
  const std::optional<seconds> nightly = seconds(93600);
  EXPECT_EQ(age_level(hours(24) - seconds(1), nightly), FindingLevel::ok);
  EXPECT_EQ(age_level(hours(24), nightly), FindingLevel::warning);
  EXPECT_EQ(age_level(hours(26), nightly), FindingLevel::warning);
  EXPECT_EQ(age_level(hours(26) + seconds(1), nightly), FindingLevel::error);
  EXPECT_EQ(age_level(days(900), std::nullopt), FindingLevel::ok);
}

TEST(Status, AStaleBackupIsTold) {
  const History history = past_nights(10);
  const Timestamp made = last_night + minutes(1);
  EXPECT_THAT(told(assess_at(history, made + hours(26))), IsEmpty());
  EXPECT_THAT(
      told(assess_at(history, made + hours(26) + seconds(1))),
      ElementsAre("error h1 nightly: the last whole backup was 26 h ago; one is due every 24 h"));
  StatusInput input;
  input.history = &history;
  input.now = made + days(3);
  input.expected = {{"h1", "nightly", seconds(days(7))}};
  EXPECT_THAT(told(assess(input)), IsEmpty()) << "its schedule is known";
  input.expected = {{"h1", "nightly", std::nullopt}};
  EXPECT_THAT(told(assess(input)), IsEmpty()) << "it is run by hand";
}

TEST(Status, APromisedJobWithoutAnyBackupHasARow) {
  const History history = past_nights(3);
  StatusInput input;
  input.history = &history;
  input.now = last_night + hours(1);
  input.expected = {{"h1", "weekly", seconds(days(7))}};
  const Status status = assess(input);
  ASSERT_EQ(status.jobs.size(), 2U);
  EXPECT_EQ(status.jobs[1].job, "weekly");
  EXPECT_EQ(status.jobs[1].run, "never");
  EXPECT_THAT(told(status), ElementsAre("error h1 weekly: no drill has ever proved a restore",
                                        "error h1 weekly: there is no whole backup"));
}

TEST(Status, WithoutAScheduleTheUsualGapCounts) {
  History history = past_nights(1);
  auto& made = history.hosts[0].jobs[0].snapshots;
  for (const int weeks : {1, 2, 3, 5}) {
    made.insert(made.begin(), good_night("h1", last_night - days(7 * weeks), 1'000'000));
  }
  const Timestamp end = last_night + minutes(1);
  EXPECT_THAT(told(assess_at(history, end + days(7) + hours(2))), IsEmpty());
  EXPECT_EQ(told(assess_at(history, end + days(7) + hours(3))).size(), 1U);
}

TEST(Status, WhatIsToComeProvesNothing) {
  History history = past_nights(10);
  JobHistory& job = history.hosts[0].jobs[0];
  job.snapshots.push_back(good_night("h1", last_night + days(900), 1'000'000));
  job.drills[0].drilled = last_night + days(900);
  const Status status = assess_at(history, last_night + hours(1));
  EXPECT_EQ(status.jobs[0].last_success, last_night + minutes(1));
  EXPECT_EQ(status.jobs[0].drill, "never");
  EXPECT_THAT(told(status), ElementsAre("error h1 nightly: no drill has ever proved a restore",
                                        testing::HasSubstr("2028-11-16 is dated in the future")));
}

TEST(Status, APartialNightNamesItsServices) {
  History history = past_nights(10);
  auto& last = history.hosts[0].jobs[0].snapshots.back();
  last.services.push_back({"grafana", false, "connect: refused"});
  const Status status = assess_at(history, last_night + hours(1));
  EXPECT_EQ(status.jobs[0].run, "partial");
  EXPECT_EQ(status.jobs[0].last_success, last_night - days(1) + minutes(1));
  EXPECT_THAT(told(status),
              ElementsAre("warning h1 nightly: h1/2026-05-31 lacks grafana (connect: refused)"));
}

TEST(Status, DamageComesFirst) {
  History history = past_nights(10);
  HostHistory& host = history.hosts[0];
  host.jobs[0].snapshots.back().services.push_back({"grafana", false, ""});
  host.damaged.push_back({.name = "h1/2026-05-20", .error = "parse it: no"});
  host.unfinished.push_back({"h1/2026-05-31", last_night, last_night, 2048});
  EXPECT_THAT(
      told(assess_at(history, last_night + hours(2))),
      ElementsAre("error h1 : h1/2026-05-20 is damaged: parse it: no",
                  "warning h1 nightly: h1/2026-05-31 lacks grafana",
                  "warning h1 : a run left h1/2026-05-31 unfinished, 2.0 KiB, 2 h ago: it is no "
                  "snapshot"));
  const auto now = told(assess_at(history, last_night + minutes(30)));
  EXPECT_EQ(now.size(), 2U) << "a run may be under way";
}

TEST(Status, DrillsThatFailedOrAreOldAreTold) {
  History history = past_nights(10);
  JobHistory& job = history.hosts[0].jobs[0];
  StatusInput input;
  input.history = &history;
  input.now = last_night + hours(1);
  job.drills[0].drilled = input.now - drill_age_max;
  EXPECT_THAT(told(assess(input)), IsEmpty());
  job.drills[0].drilled -= seconds(1);
  EXPECT_THAT(told(assess(input)),
              ElementsAre("error h1 nightly: the last good drill was 92 d ago"));
  job.drills[0].drilled = input.now - days(10);
  input.drill_stale_after = days(8);
  EXPECT_THAT(told(assess(input)),
              ElementsAre("warning h1 nightly: the last good drill was 10 d ago"));
  input.drill_stale_after.reset();
  PastDrill failed = job.drills[0];
  failed.drilled = input.now - hours(3);
  failed.verdict = FindingLevel::error;
  failed.result = "RESTORE FAILED — n8n: every credential decrypts";
  job.drills.push_back(failed);
  const Status status = assess(input);
  EXPECT_EQ(status.jobs[0].drill, "FAILED");
  EXPECT_EQ(status.jobs[0].proved, job.drills[0].drilled);
  EXPECT_THAT(told(status),
              ElementsAre("error h1 nightly: the last drill, 3 h ago, of h1/2026-05-30: RESTORE "
                          "FAILED — n8n: every credential decrypts"));
  job.drills.clear();
  EXPECT_THAT(told(assess(input)),
              ElementsAre("error h1 nightly: no drill has ever proved a restore"));
}

TEST(Status, AShrunkArchiveAndAShelfThatEndsAreTold) {
  History history = past_nights(10);
  PastSnapshot& last = history.hosts[0].jobs[0].snapshots.back();
  last.archive_bytes = 500'000;
  last.expires = last_night + days(6);
  EXPECT_THAT(
      told(assess_at(history, last_night + hours(1))),
      ElementsAre("error h1 nightly: the last whole backup goes on 2026-06-06",
                  "warning h1 nightly: the last archive is 50 % smaller than those of the week "
                  "before"));
}

// What leaves nothing in the store.
TEST(Status, TheStateFileTellsOfRunsThatFailed) {
  const History history = past_nights(10);
  HostState state;
  state.host = "h1";
  StatusInput input;
  input.history = &history;
  input.state = &state;
  input.now = last_night + hours(3);
  JobState& job = state.job("nightly");
  job.last_run = last_night + hours(1);
  job.status = 5;
  job.error = "the store is full";
  DrillState& drill = state.drill("h1", "nightly");
  drill.last_run = last_night + hours(2);
  drill.status = 7;
  drill.error = "hash differs";
  ActivityState& prune = state.activity("prune");
  prune.last_run = last_night;
  prune.status = 5;
  prune.error = "locked";
  NotifierState& discord = state.notifier("discord");
  discord.dead = true;
  discord.error = "404";
  state.notifier("smtp").failing = true;
  input.killed.push_back({{"h1", "backup", "nightly"}, last_night, 4711, "n8n/database", ""});
  const Status status = assess(input);
  EXPECT_EQ(status.jobs[0].run, "FAILED");
  EXPECT_EQ(status.jobs[0].drill, "FAILED");
  EXPECT_THAT(told(status),
              ElementsAre("error h1 nightly: the last backup failed 2 h ago: the store is full",
                          "error h1 nightly: the last drill failed 1 h ago: hash differs",
                          "error h1 : discord takes no messages any more: 404",
                          "error h1 nightly: a backup was killed; it began 3 h ago and had come to "
                          "'n8n/database'",
                          "warning h1 : the last prune failed 3 h ago: locked",
                          "warning h1 : smtp did not take the last message: "));
}

TEST(Status, WithoutAStoreTheStateFileStandsIn) {
  HostState state;
  state.host = "h1";
  JobState& job = state.job("nightly");
  job.last_run = last_night;
  job.last_success = last_night + minutes(1);
  job.archive_bytes = 4096;
  DrillState& drill = state.drill("h1", "nightly");
  drill.last_run = last_night - days(2);
  drill.last_success = drill.last_run;
  StatusInput input;
  input.state = &state;
  input.expected = {{"h1", "nightly", seconds(93600)}};
  input.now = last_night + hours(2);
  const Status status = assess(input);
  EXPECT_THAT(told(status), IsEmpty());
  ASSERT_EQ(status.jobs.size(), 1U);
  EXPECT_EQ(status.jobs[0].run, "ok");
  EXPECT_EQ(status.jobs[0].drill, "ok");
  EXPECT_EQ(status.jobs[0].archive_bytes, 4096U);
}

TEST(Status, AnEmptyStoreIsNoGoodNews) {
  EXPECT_THAT(told(assess_at(History(), last_night)),
              ElementsAre("warning  : the store holds no snapshots"));
}

}  // namespace
}  // namespace lifeboat::test
