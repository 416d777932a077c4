#include "cli/notices.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/error.h"

namespace lifeboat::cli {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

const Timestamp start = parse_time("2026-05-07T02:00:00Z");

RunFrame run_of(std::string activity, std::string job = "") {
  return {{"vps-h1", std::move(activity), std::move(job)}, start};
}

ManifestService service(const std::string& name, bool ok) {
  ManifestService made;
  made.name = name;
  made.ok = ok;
  made.members = ok ? 3 : 0;
  made.raw_bytes = ok ? 2048 : 0;
  if (!ok) made.error = "its database is gone";
  if (!ok) made.hints = {"Look for it."};
  return made;
}

BackupResult backup_of(std::vector<ManifestService> services) {
  BackupResult result;
  result.id = {"vps-h1", parse_date("2026-05-07"), ""};
  result.manifest.host = "vps-h1";
  result.manifest.job = "nightly";
  result.manifest.started = start;
  result.manifest.finished = start + seconds(40);
  result.manifest.members = 25;
  result.manifest.raw.bytes = 4096;
  result.manifest.archive.bytes = 1024;
  result.manifest.services = std::move(services);
  result.duration = seconds(42);
  return result;
}

std::string fact(const Notice& notice, std::string_view name) {
  for (const NoticeFact& one : notice.facts) {
    if (one.name == name) return one.value;
  }
  return "none";
}

TEST(Notices, AGoodBackupTellsItsNumbers) {
  ManifestService n8n = service("n8n", true);
  n8n.items = {{"workflows", 12}, {"credentials", 8}};
  BackupResult result = backup_of({n8n, service("files", true)});
  result.monthly = monthly_of(result.id);
  const Account account = backup_account(run_of("backup", "nightly"), result);
  const Notice& notice = account.notice;
  EXPECT_EQ(notice.kind, NoticeKind::success);
  EXPECT_EQ(notice.title, "backup 'nightly' of vps-h1 is done");
  EXPECT_EQ(fact(notice, "snapshot"), "vps-h1/2026-05-07");
  EXPECT_EQ(fact(notice, "files"), "25");
  EXPECT_EQ(fact(notice, "data"), "4.0 KiB");
  EXPECT_EQ(fact(notice, "stored"), "1.0 KiB");
  EXPECT_EQ(fact(notice, "n8n"), "12 workflows, 8 credentials");
  EXPECT_EQ(fact(notice, "files"), "25");
  EXPECT_EQ(fact(notice, "monthly copy"), "vps-h1/monthly/2026-05");
  for (const char* id : {"backup/nightly", "service/nightly/gone", "killed/backup/nightly"}) {
    EXPECT_TRUE(resolves(notice, id)) << id;
  }
  for (const char* id : {"backup/weekly", "service/weekly/n8n", "drill/nightly"}) {
    EXPECT_FALSE(resolves(notice, id)) << id;
  }
  HostState state;
  account.remember(state);
  const JobState& job = state.job("nightly");
  EXPECT_EQ(job.last_run, start);
  EXPECT_EQ(job.last_success, start + seconds(40));
  EXPECT_EQ(job.status, 0);
  EXPECT_EQ(job.snapshot, "vps-h1/2026-05-07");
  EXPECT_EQ(job.archive_bytes, 1024u);
  ASSERT_EQ(job.services.size(), 2u);
  EXPECT_EQ(job.services[0].items[0].count, 12u);
  EXPECT_EQ(job.services[0].source_bytes, 2048u);
}

TEST(Notices, APartialBackupNamesWhatFailedAndKeepsItsOldSuccess) {
  const RunFrame run = run_of("backup", "nightly");
  HostState state;
  backup_account(run, backup_of({service("n8n", true), service("waha", true)})).remember(state);
  BackupResult second = backup_of({service("n8n", false), service("waha", true)});
  second.manifest.finished = start + hours(24);
  const Account account = backup_account({run.name, start + hours(24)}, second);
  EXPECT_EQ(account.notice.kind, NoticeKind::warning);
  ASSERT_EQ(account.notice.problems.size(), 1u);
  const Problem& problem = account.notice.problems[0];
  EXPECT_EQ(problem.id, "service/nightly/n8n");
  EXPECT_EQ(problem.cause, "its database is gone");
  EXPECT_THAT(problem.hints, ElementsAre("Look for it."));
  EXPECT_FALSE(resolves(account.notice, "service/nightly/n8n"));
  EXPECT_TRUE(resolves(account.notice, "service/nightly/waha"));
  account.remember(state);
  const JobState& job = state.job("nightly");
  EXPECT_EQ(job.status, 8);
  EXPECT_EQ(job.error, "its database is gone");
  EXPECT_EQ(job.last_success, start + seconds(40)) << "of the last whole one";
  EXPECT_FALSE(job.services[0].ok);
  EXPECT_EQ(job.services[0].last_success, start + seconds(40));
  EXPECT_EQ(job.services[0].source_bytes, 2048u);
  EXPECT_EQ(job.services[1].last_success, start + hours(24));
}

TEST(Notices, AFailureKeepsWhatWasKnown) {
  const RunFrame run = run_of("backup", "nightly");
  HostState state;
  backup_account(run, backup_of({service("n8n", true)})).remember(state);
  EXPECT_FALSE(had_problem(state, run.name));
  const auto failure = std::make_exception_ptr(
      Error(ErrorKind::store, "list the bucket: no answer").hint("Is the network up?"));
  const Account account = failure_account({run.name, start + hours(24)}, failure);
  EXPECT_EQ(account.notice.kind, NoticeKind::failure);
  EXPECT_EQ(account.notice.title, "backup 'nightly' of vps-h1 failed");
  EXPECT_EQ(account.notice.problems[0].id, "backup/nightly");
  EXPECT_EQ(account.notice.problems[0].cause, "list the bucket: no answer");
  EXPECT_THAT(account.notice.problems[0].hints, ElementsAre("Is the network up?"));
  EXPECT_THAT(account.notice.resolved, IsEmpty());
  account.remember(state);
  EXPECT_EQ(state.job("nightly").status, 5);
  EXPECT_EQ(state.job("nightly").last_run, start + hours(24));
  EXPECT_EQ(state.job("nightly").last_success, start + seconds(40));
  EXPECT_EQ(state.job("nightly").archive_bytes, 1024u);
  EXPECT_TRUE(had_problem(state, run.name));
  EXPECT_FALSE(had_problem(state, run_of("backup", "weekly").name));
}

TEST(Notices, EveryEndHasAWord) {
  const auto title = [](const std::exception_ptr& failure) {
    return failure_account(run_of("backup", "nightly"), failure).notice.title;
  };
  EXPECT_THAT(title(std::make_exception_ptr(Interrupted())), HasSubstr("was stopped"));
  EXPECT_THAT(title(std::make_exception_ptr(Error(ErrorKind::locked, "x"))),
              HasSubstr("did not run"));
  EXPECT_THAT(title(std::make_exception_ptr(Bug("x"))), HasSubstr("failed"));
}

TEST(Notices, OfABrokenConfigurationTheFirstFaultsAreTold) {
  std::vector<ConfigFinding> faults;
  for (size_t line = 1; line <= 5; ++line) {
    faults.push_back({{"a.yaml", line, 1}, "unknown key", "Remove it."});
  }
  const auto failure = std::make_exception_ptr(ConfigErrors(faults));
  const Notice notice = failure_account(run_of("backup"), failure).notice;
  EXPECT_EQ(notice.problems[0].id, "config") << "no job is known";
  EXPECT_EQ(notice.problems[0].cause,
            "a.yaml:1:1: unknown key\na.yaml:2:1: unknown key\na.yaml:3:1: unknown key\n"
            "and 2 more faults");
  EXPECT_EQ(failure_account(run_of("backup", "nightly"), failure).notice.problems[0].id,
            "backup/nightly");
}

TEST(Notices, ADrillIsToldByItsLine) {
  DrillResult result;
  result.id = {"vps-h1", parse_date("2026-05-07"), ""};
  result.manifest.members = 3;
  result.verdict = DrillVerdict::ok;
  result.restore_duration = seconds(5);
  result.duration = seconds(9);
  const RunFrame run = run_of("drill", "nightly");
  HostState state;
  const Account good = drill_account(run, result);
  EXPECT_EQ(good.notice.kind, NoticeKind::success);
  EXPECT_EQ(fact(good.notice, "result"), "RESTORE OK — 3 members");
  EXPECT_TRUE(resolves(good.notice, "drill/nightly"));
  EXPECT_TRUE(resolves(good.notice, "drill")) << "of one that never knew its job";
  good.remember(state);
  EXPECT_EQ(state.drill("vps-h1", "nightly").duration, seconds(9));
  result.verdict = DrillVerdict::failed;
  result.archive_probes.push_back({"members on disk", false, "3", "2", ""});
  const Account bad = drill_account({run.name, start + hours(1)}, result);
  EXPECT_EQ(bad.notice.kind, NoticeKind::failure);
  EXPECT_EQ(bad.notice.problems[0].id, "drill/nightly");
  EXPECT_FALSE(resolves(bad.notice, "drill/nightly"));
  bad.remember(state);
  EXPECT_EQ(state.drill("vps-h1", "nightly").status, 7);
  EXPECT_EQ(state.drill("vps-h1", "nightly").last_success, start + seconds(9));
}

TEST(Notices, DamageThatADrillWouldNotNoticeIsAFailure) {
  const std::vector<SabotageOutcome> outcomes{{"", "flipped byte", "", true, "hash"},
                                              {"n8n", "missing row", "", false, ""}};
  const Notice notice = sabotage_account(run_of("drill", "nightly"), outcomes).notice;
  EXPECT_EQ(notice.kind, NoticeKind::failure);
  EXPECT_THAT(notice.problems[0].cause, HasSubstr("n8n: missing row"));
  EXPECT_THAT(notice.problems[0].cause, Not(HasSubstr("flipped")));
  const Notice caught = sabotage_account(run_of("drill", "nightly"), {outcomes[0]}).notice;
  EXPECT_EQ(caught.kind, NoticeKind::success);
  EXPECT_TRUE(resolves(caught, notice.problems[0].id));
  EXPECT_FALSE(resolves(caught, "drill/nightly"));
}

TEST(Notices, KilledRunsSayHowFarTheyCame) {
  KilledRun run{{"vps-h1", "backup", "nightly"}, start, 7, "n8n/database.sqlite", ""};
  KilledRun later = run;
  later.started += hours(24);
  later.phase = phase_after_commit({"vps-h1", parse_date("2026-05-08"), ""}, "tell");
  const Notice notice = killed_notice({run, later});
  EXPECT_EQ(notice.problems[0].id, "killed/backup/nightly");
  EXPECT_EQ(notice.problems[0].cause,
            "the run that began at 2026-05-07T02:00:00Z was killed, at: n8n/database.sqlite; no "
            "snapshot of it exists\n"
            "the run that began at 2026-05-08T02:00:00Z was killed after its snapshot "
            "vps-h1/2026-05-08 was complete, at: tell");
  HostState state;
  remember_killed(state, run);
  EXPECT_EQ(state.job("nightly").status, 137);
  EXPECT_TRUE(had_problem(state, run.name));
  state.job("nightly").status = 0;
  remember_killed(state, later);
  EXPECT_EQ(state.job("nightly").last_run, later.started);
  EXPECT_EQ(state.job("nightly").status, 0) << "its snapshot stands";
  remember_killed(state, run);
  EXPECT_EQ(state.job("nightly").status, 0) << "an older one changes nothing";
}

TEST(Notices, NightsWithoutARunAreMissed) {
  JobState job;
  job.name = "nightly";
  job.stale_after = hours(26);
  EXPECT_EQ(missed_runs(job, start), "") << "it never ran yet";
  job.last_run = start;
  EXPECT_EQ(missed_runs(job, start + hours(26)), "");
  EXPECT_THAT(missed_runs(job, start + hours(72)),
              HasSubstr("between 2026-05-07T02:00:00Z and 2026-05-10T02:00:00Z"));
  job.stale_after.reset();
  EXPECT_EQ(missed_runs(job, start + hours(72)), "") << "it is run by hand";
}

}  // namespace
}  // namespace lifeboat::cli
