// How things stand, as a person sees it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "base/format.h"
#include "cli/app_test_fixture.h"
#include "cli/render_status.h"
#include "observe/host_state.h"

namespace lifeboat::cli {
namespace {

using std::chrono::hours;
using testing::HasSubstr;
using testing::Not;

class StatusCommand : public AppFixture {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"keygen", "-o", path("key.txt")}).code, 0);
    std::filesystem::create_directories(folder_ / "live");
    std::filesystem::create_directories(folder_ / "store");
    test::write_file(path("live/a.txt"), "hello\n");
    test::write_file(path("lifeboat.yaml"),
                     format("host: vps-h1\n"
                            "store: {{dir: store}}\n"
                            "encryption: {{recipients: [{}]}}\n"
                            "services:\n"
                            "  files: {{recipe: volume, path: live}}\n"
                            "jobs:\n"
                            "  nightly: {{schedule: \"02:00\", services: [files]}}\n"
                            "drill: {{identity: key.txt, scratch: .}}\n"
                            "spool_dir: .\n"
                            "state_dir: state\n",
                            recipient()));
  }
  void a_good_night() {
    ASSERT_EQ(with_config({"backup", "-q"}).code, 0);
    clock_.advance(hours(1));
    ASSERT_EQ(with_config({"drill", "-q"}).code, 0);
    clock_.advance(hours(4));
  }
};

TEST_F(StatusCommand, AGoodNightEndsWithZero) {
  a_good_night();
  const Outcome all = with_config({"status"});
  EXPECT_EQ(all.code, 0) << all.out << all.talk;
  EXPECT_THAT(all.out, HasSubstr("vps-h1  nightly  ok        4 h     5 h  ok, 5 h"));
  EXPECT_THAT(all.out, HasSubstr("\nall in order\n"));
  const Json value = Json::parse(with_config({"status", "--json"}).out);
  EXPECT_EQ(value["good"], true);
  EXPECT_EQ(value["jobs"][0]["drill"]["last"], "ok");
  EXPECT_EQ(value["jobs"][0]["backup"]["last_success"], "2026-05-07T02:00:00Z");
}

TEST_F(StatusCommand, WhatNeedsALookEndsWithOne) {
  EXPECT_EQ(with_config({"status"}).code, 1) << "nothing was ever backed up";
  EXPECT_THAT(with_config({"status"}).out, HasSubstr("vps-h1 nightly: there is no whole backup"));
  a_good_night();
  clock_.advance(hours(30));
  const Outcome stale = with_config({"status"});
  EXPECT_EQ(stale.code, 1);
  EXPECT_THAT(stale.out, HasSubstr("vps-h1 nightly: the last whole backup was 35 h ago"));
  EXPECT_THAT(stale.out, Not(HasSubstr("all in order")));
}

// The day the machine is gone: nothing of this host counts.
TEST_F(StatusCommand, NeedsNothingButAStore) {
  a_good_night();
  const std::string store = "dir:" + path("store");
  EXPECT_EQ(run({"status", "--store", store}).code, 0);
  EXPECT_EQ(run({"status", "--store", store, "--host", "vps-h1"}).code, 0);
  const Outcome other = run({"status", "--store", store, "--host", "vps-h2"});
  EXPECT_EQ(other.code, 1);
  EXPECT_THAT(other.out, HasSubstr("the store holds no snapshots"));
  EXPECT_EQ(run({"status", "--store", "dir:" + path("absent")}).code, 5);
}

TEST_F(StatusCommand, WithoutItsStoreTheStateFileTells) {
  a_good_night();
  StateFile(path("state"), "vps-h1", random_).update([&](HostState& state) {
    JobState& job = state.job("nightly");
    job.last_run = clock_.now() - hours(2);
    job.last_success = job.last_run;
    job.status = 0;
  });
  std::filesystem::rename(folder_ / "store", folder_ / "unplugged");
  const Outcome text = with_config({"status"});
  EXPECT_EQ(text.code, 5);
  EXPECT_THAT(text.out, HasSubstr("vps-h1  nightly"));
  EXPECT_THAT(text.out, HasSubstr("ok, 2 h"));
  EXPECT_THAT(text.talk, HasSubstr("store"));
  const Outcome json = with_config({"status", "--json"});
  EXPECT_EQ(json.code, 5);
  const Json value = Json::parse(json.out);
  EXPECT_EQ(value["good"], false);
  EXPECT_EQ(value["error"]["kind"], "store");
  EXPECT_EQ(value["jobs"][0]["last_run"]["result"], "ok");
  EXPECT_EQ(with_config({"report", "-o", path("report.html")}).code, 5);
  EXPECT_FALSE(std::filesystem::exists(path("report.html")));
}

TEST_F(StatusCommand, AReportIsAPrivateFile) {
  a_good_night();
  const Outcome made = with_config({"report", "-o", path("report.html")});
  EXPECT_EQ(made.code, 0) << made.talk;
  EXPECT_THAT(made.talk, HasSubstr("all in order"));
  struct stat status {};
  ASSERT_EQ(::stat(path("report.html").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
  const std::string page = test::slurp(path("report.html"));
  EXPECT_THAT(page, HasSubstr("<h1>All backups are in order</h1>"));
  EXPECT_EQ(with_config({"report"}).out, page) << "the same at the same time";
  EXPECT_EQ(with_config({"report", "--json"}).code, 2);
  const Outcome json = with_config({"report", "--json", "-o", path("report.html")});
  EXPECT_EQ(Json::parse(json.out)["bytes"], page.size());
  EXPECT_EQ(with_config({"report", "--days", "0"}).code, 2);
}

TEST(RenderStatus, IsReadInTwoSeconds) {
  const Timestamp now = parse_time("2026-05-07T07:00:00Z");
  Status status;
  JobStatus good;
  good.host = "vps-h1";
  good.job = "nightly";
  good.drill = good.run = "ok";
  good.drill_level = good.age = good.run_level = FindingLevel::ok;
  good.proved = now - hours(72);
  good.last_run = good.last_success = now - hours(5);
  good.archive_bytes = 3 << 20;
  good.change = 0.021;
  good.expires = now + hours(24 * 30);
  status.jobs.push_back(good);
  JobStatus never;
  never.host = "vps-i1";
  never.job = "weekly";
  status.jobs.push_back(never);
  status.findings = {{FindingLevel::error, "vps-i1", "weekly", "there is no whole\x1b backup"},
                     {FindingLevel::warning, "vps-i1", "", "smtp did not take the last message"}};
  EXPECT_EQ(render_status(status, now, Style()),
            "HOST    JOB      DRILL  PROVED  BACKUP  LAST RUN     SIZE  WEEK  EXPIRES\n"
            "vps-h1  nightly  ok        3 d     5 h  ok, 5 h   3.0 MiB  +2 %     30 d\n"
            "vps-i1  weekly   never       -       -  never           -     -        -\n"
            "\n"
            "✗ vps-i1 weekly: there is no whole\\x1b backup\n"
            "! vps-i1: smtp did not take the last message\n");
  EXPECT_THAT(render_status(status, now, Style(true)), HasSubstr("\x1b[31mnever\x1b[0m"));
  EXPECT_EQ(status_to_json(status, now)["findings"][0]["level"], "error");
}

}  // namespace
}  // namespace lifeboat::cli
