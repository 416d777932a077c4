// Whole runs in memory, with a server in the place of whoever is told.

#include "cli/watched_run.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

#include "base/format.h"
#include "base/json.h"
#include "cli/app_test_fixture.h"
#include "observe/host_state.h"
#include "observe/run_mark.h"
#include "support/http_server.h"

namespace lifeboat::cli {
namespace {

using std::chrono::hours;
using testing::Contains;
using testing::HasSubstr;
using testing::IsEmpty;

class WatchedRuns : public AppFixture {
 protected:
  WatchedRuns()
      : server_([this](const auto&) { return test::ServedResponse{.status = status_}; }) {}
  void SetUp() override {
    ASSERT_EQ(run({"keygen", "-o", path("key.txt")}).code, 0);
    std::filesystem::create_directories(folder_ / "live");
    std::filesystem::create_directories(folder_ / "prom");
    test::write_file(path("live/a.txt"), "hello\n");
    write_config("");
  }
  void write_config(const std::string& more) {
    test::write_file(path("lifeboat.yaml"),
                     format("host: h1\n"
                            "store: {{dir: store}}\n"
                            "encryption: {{recipients: [{}]}}\n"
                            "services:\n"
                            "  files: {{recipe: volume, path: live}}\n"
                            "jobs:\n"
                            "  nightly: {{schedule: daily, services: [files]}}\n"
                            "metrics: {{textfile: prom}}\n"
                            "notify: {{webhook: {{url: '{}/hook'}}}}\n"
                            "spool_dir: .\n"
                            "state_dir: state\n{}",
                            recipient(), server_.url(), more));
    std::filesystem::permissions(folder_ / "lifeboat.yaml", std::filesystem::perms(0600));
  }
  Outcome backup(std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"backup", "--config", path("lifeboat.yaml")};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run(arguments);
  }
  // What was told since the last call.
  std::vector<Json> told() {
    std::vector<Json> notices;
    const auto requests = server_.requests();
    for (; seen_ < requests.size(); ++seen_) {
      notices.push_back(Json::parse(requests[seen_].body));
    }
    return notices;
  }
  // As a killed run leaves it: a copy that nobody holds.
  void leave_mark(Timestamp started) {
    RunMark mark(folder_ / "state", {"h1", "backup", "nightly"}, started, random_);
    mark.phase("write the manifest");
    std::filesystem::path held;
    for (const auto& entry : std::filesystem::directory_iterator(folder_ / "state")) {
      if (entry.path().native().ends_with(format("-{}.run", ::getpid()))) held = entry.path();
    }
    std::filesystem::copy_file(held, folder_ / format("state/h1.left-{}.run", ++marks_left_));
  }
  HostState state() { return StateFile(folder_ / "state", "h1", random_).load(); }

  int status_ = 200;
  test::HttpServer server_;
  size_t seen_ = 0;
  int marks_left_ = 0;
};

TEST_F(WatchedRuns, AGoodOneIsToldRememberedAndMeasured) {
  const Outcome made = backup();
  ASSERT_EQ(made.code, 0) << made.talk;
  const auto notices = told();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_EQ(notices[0]["kind"], "success");
  EXPECT_EQ(notices[0]["facts"]["snapshot"], "h1/2026-05-07");
  const HostState known = state();
  ASSERT_EQ(known.jobs.size(), 1u);
  EXPECT_EQ(known.jobs[0].status, 0);
  EXPECT_EQ(known.jobs[0].stale_after, std::chrono::seconds(93600));
  ASSERT_TRUE(known.shelf);
  EXPECT_EQ(known.shelf->dailies, 1u);
  EXPECT_THAT(test::slurp(path("prom/lifeboat-h1.prom")), HasSubstr("backup_last_success"));
  EXPECT_THAT(killed_runs(folder_ / "state", "h1"), IsEmpty());
}

TEST_F(WatchedRuns, AFailureIsToldAndItsEndAsWell) {
  write_config("");
  std::filesystem::remove_all(folder_ / "live");
  EXPECT_EQ(backup().code, 4);
  const auto failed = told();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0]["problems"][0]["id"], "backup/nightly");
  std::filesystem::create_directories(folder_ / "live");
  EXPECT_EQ(backup().code, 0);
  const auto again = told();
  EXPECT_EQ(again[0]["recovery"], true);
  EXPECT_THAT(again[0]["resolved"], Contains("backup/nightly"));
}

TEST_F(WatchedRuns, WhenNobodyWasThereTheMarkStays) {
  ASSERT_EQ(backup().code, 0);
  told();
  leave_mark(clock_.now());
  ASSERT_EQ(killed_runs(folder_ / "state", "h1").size(), 1u);
  status_ = 403;
  EXPECT_EQ(backup().code, 0) << "a notifier fails no backup";
  EXPECT_EQ(killed_runs(folder_ / "state", "h1").size(), 1u);
  EXPECT_EQ(backup({"--no-notify"}).code, 0);
  EXPECT_EQ(killed_runs(folder_ / "state", "h1").size(), 1u);
  status_ = 200;
  ASSERT_EQ(run({"notify", "test", "--config", path("lifeboat.yaml")}).code, 0) << "alive again";
  told();
  EXPECT_EQ(backup().code, 0);
  EXPECT_EQ(told()[0]["problems"][0]["id"], "killed/backup/nightly");
  EXPECT_THAT(killed_runs(folder_ / "state", "h1"), IsEmpty());
}

// Killed, or without power, between its manifest and the word of it in its mark.
TEST_F(WatchedRuns, AKilledOneMayHaveLeftASnapshot) {
  ASSERT_EQ(backup().code, 0);
  leave_mark(clock_.now());
  clock_.advance(hours(1));
  ASSERT_EQ(backup().code, 0);
  told();
  leave_mark(clock_.now() - hours(1));
  leave_mark(clock_.now() - std::chrono::minutes(30));
  const Outcome after = backup();
  EXPECT_THAT(after.talk, HasSubstr("was killed after its snapshot h1/2026-05-07 was complete"));
  EXPECT_THAT(after.talk, HasSubstr("no snapshot of it exists"));

  leave_mark(clock_.now());
  std::filesystem::rename(folder_ / "store", folder_ / "away");
  const Outcome without = backup();
  EXPECT_THAT(without.talk, HasSubstr("whether there is a snapshot of it is not known: "));
}

TEST_F(WatchedRuns, NightsThatWereMissedAreInTheNextNotice) {
  ASSERT_EQ(backup().code, 0);
  told();
  clock_.advance(hours(24 * 4));
  ASSERT_EQ(backup().code, 0);
  const auto notices = told();
  EXPECT_EQ(notices[0]["kind"], "warning");
  EXPECT_THAT(notices[0]["warnings"][0].get<std::string>(), HasSubstr("no run of 'nightly' began"));
}

TEST_F(WatchedRuns, AStopIsToldUnlessAPersonSeesIt) {
  stop_.request_stop();
  EXPECT_EQ(backup().code, 130);
  EXPECT_THAT(told()[0]["title"].get<std::string>(), HasSubstr("was stopped"));
  terminal_.in_is_terminal = terminal_.talk_is_terminal = true;
  EXPECT_EQ(backup().code, 130);
  EXPECT_THAT(told(), IsEmpty());
}

TEST_F(WatchedRuns, AJobThatIsNoMoreIsForgotten) {
  ASSERT_EQ(backup().code, 0);
  std::string text = test::slurp(path("lifeboat.yaml"));
  text.replace(text.find("nightly:"), 7, "renamed");
  test::write_file(path("lifeboat.yaml"), text);
  ASSERT_EQ(backup().code, 0);
  const HostState known = state();
  ASSERT_EQ(known.jobs.size(), 1u);
  EXPECT_EQ(known.jobs[0].name, "renamed");
}

TEST_F(WatchedRuns, CheckTellsWhatHinders) {
  std::filesystem::remove_all(folder_ / "prom");
  const Outcome checked = run({"check", "--config", path("lifeboat.yaml")});
  EXPECT_EQ(checked.code, 3);
  EXPECT_THAT(checked.out, HasSubstr("there is no folder"));
  EXPECT_THAT(checked.out, HasSubstr("webhook (not tried)"));
}

}  // namespace
}  // namespace lifeboat::cli
