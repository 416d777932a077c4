// What `watch` prints and tells; its exit status and its notifiers: tests/script/watch.sh.
#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "base/json.h"
#include "cli/app_test_fixture.h"
#include "cli/render_watch.h"
#include "cli/watch_telling.h"

namespace lifeboat::cli {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;

WatchedHost good_host() {
  WatchedHost host;
  host.host = "vps-h1";
  WatchedJob& job = host.jobs.emplace_back();
  job.name = "vps-h1/nightly";
  job.id = "nightly";
  job.stale_after = hours(26);
  job.newest = parse_snapshot_text("vps-h1/2026-05-07");
  job.newest_time = parse_time("2026-05-07T02:10:00Z");
  job.newest_bytes = 2048;
  job.is_stale = false;
  job.nights_wanted = 14;
  host.shelf = {20, parse_time("2026-05-20T00:00:00Z"), parse_time("2026-06-07T00:00:00Z")};
  host.monthlies = 3;
  host.last_drill = parse_time("2026-05-01T00:00:00Z");
  host.ids = {"watch/nightly", "watch/cliff"};
  return host;
}

WatchedHost bad_host() {
  WatchedHost host = good_host();
  host.jobs[0].is_stale = true;
  host.jobs[0].missed = {{Date(std::chrono::year(2026) / 5 / 6), 0, 1}};
  host.problems = {{"watch/nightly", "no backup for 3 d", "the newest is old", {"Look."}}};
  host.warnings = {"There is no h1/monthly/2026-01."};
  return host;
}

const Timestamp now = parse_time("2026-05-07T06:10:00Z");

TEST(WatchText, ReadAtAGlance) {
  WatchReport report;
  report.hosts = {good_host()};
  EXPECT_EQ(render_watch(report, now, Style()),
            "HOST            NEWEST      AGE     SIZE    NIGHTS  STATUS\n"
            "vps-h1/nightly  2026-05-07  4 h  2.0 KiB  14 of 14  ok\n"
            "\n"
            "HOST    NIGHTLIES  LAST ONE GOES  MONTHLIES  LAST DRILL\n"
            "vps-h1         20  2026-06-07             3         6 d\n"
            "\n"
            "all that is expected is there\n");
  report.hosts = {bad_host()};
  report.unexpected = {"h2"};
  const std::string text = render_watch(report, now, Style());
  EXPECT_THAT(text, HasSubstr("13 of 14  STALE\n"));
  EXPECT_THAT(text, HasSubstr("✗ no backup for 3 d: the newest is old\n  hint: Look.\n"
                              "! There is no h1/monthly/2026-01.\n"
                              "! h2 is in the store, and nobody expects it.\n\n1 problem\n"));
}

TEST(WatchText, Json) {
  WatchReport report;
  report.hosts = {bad_host()};
  const Json value = watch_to_json(report, now);
  EXPECT_EQ(value["good"], false);
  const Json& job = value["hosts"][0]["jobs"][0];
  EXPECT_EQ(job["age_seconds"], 4 * 3600);
  EXPECT_EQ(job["stale_after_seconds"], 26 * 3600);
  EXPECT_EQ(job["nights_missed"][0]["date"], "2026-05-06");
  EXPECT_EQ(value["hosts"][0]["problems"][0]["id"], "watch/nightly");
  report.hosts[0].jobs[0].newest.reset();
  EXPECT_EQ(watch_to_json(report, now)["hosts"][0]["jobs"][0]["snapshot"], nullptr);
}

TEST(WatchNotice, GoodAndBad) {
  const Notice good = watch_notice(good_host(), now);
  EXPECT_EQ(good.kind, NoticeKind::success);
  EXPECT_EQ(good.host, "vps-h1");
  EXPECT_EQ(good.activity, "watch");
  EXPECT_THAT(good.resolved, ElementsAre("watch/nightly", "watch/cliff", "watch/store"));
  EXPECT_EQ(good.facts[0].name, "vps-h1/nightly");
  EXPECT_EQ(good.facts[0].value, "vps-h1/2026-05-07, 4 h old, 2.0 KiB");
  const Notice bad = watch_notice(bad_host(), now);
  EXPECT_EQ(bad.kind, NoticeKind::failure);
  EXPECT_EQ(bad.title, "no backup for 3 d");
  EXPECT_FALSE(resolves(bad, "watch/nightly"));
  EXPECT_TRUE(resolves(bad, "watch/cliff"));
}

TEST(WatchNotice, AStoreThatCannotBeLookedAt) {
  Error error(ErrorKind::store, "list: denied");
  error.add_hint("Give the right.");
  const Notice notice = store_notice("vps-h1", error, now);
  EXPECT_EQ(notice.kind, NoticeKind::failure);
  ASSERT_EQ(notice.problems.size(), 1u);
  EXPECT_EQ(notice.problems[0].id, "watch/store");
  EXPECT_EQ(notice.problems[0].cause, "list: denied");
  EXPECT_THAT(notice.problems[0].hints, ElementsAre("Give the right."));
  EXPECT_TRUE(notice.resolved.empty());  // nothing was seen
}

class WatchCommand : public AppFixture {
 protected:
  WatchCommand() {
    for (const char* name : {"GITHUB_TOKEN", "LIFEBOAT_DISCORD_WEBHOOK", "XDG_STATE_HOME"}) {
      ::unsetenv(name);
    }
    const std::filesystem::path night = folder_ / "store/h1/2026-05-07";
    std::filesystem::create_directories(night);
    for (const char* name : {"backup.tar.zst.age", "manifest.json"}) {
      std::ofstream(night / name) << "x";
      touch(night / name, parse_time("2026-05-07T02:10:00Z"));
    }
  }
  static void touch(const std::filesystem::path& file, Timestamp time) {
    const auto moment =
        std::chrono::file_clock::from_sys(std::chrono::time_point_cast<std::chrono::seconds>(time));
    std::filesystem::last_write_time(file, moment);
  }
  Outcome watch(std::string_view utc, std::vector<std::string> more) {
    clock_.set(utc);
    more.insert(more.begin(), {"watch", "--store", "dir:" + path("store")});
    return run(more);
  }
};

TEST_F(WatchCommand, AgesAndTheirLimits) {
  EXPECT_EQ(watch("2026-05-08T04:10:00Z", {"--expect", "h1"}).code, 0);
  EXPECT_EQ(watch("2026-05-08T04:10:01Z", {"--expect", "h1"}).code, 1);
  EXPECT_EQ(watch("2026-05-08T12:10:00Z", {"--expect", "h1", "--stale-after", "36h"}).code, 0);
  EXPECT_EQ(watch("2026-05-08T14:10:01Z", {"--expect", "h1", "--stale-after", "36h"}).code, 1);
  EXPECT_EQ(watch("2026-05-07T05:10:01Z", {"--expect", "h1", "--stale-after", "180m"}).code, 1);
  // What has a schedule of its own keeps to it.
  EXPECT_EQ(watch("2026-05-08T12:10:00Z", {"--expect", "h1=02:00", "--stale-after", "36h"}).code,
            1);
  EXPECT_EQ(watch("2026-05-14T04:10:00Z", {"--expect", "h1=weekly"}).code, 0);
  EXPECT_EQ(watch("2026-05-14T04:10:01Z", {"--expect", "h1=weekly"}).code, 1);
}

TEST_F(WatchCommand, Mistakes) {
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{},
                                             {"--expect", "H1"},
                                             {"--expect", "h1", "--stale-after", "26"},
                                             {"--expect", "h1", "--stale-after", "0h"},
                                             {"--expect", "h1", "--stale-after", "-1h"},
                                             {"--expect", "h1", "--nights", "0"},
                                             {"--expect", "h1", "--discord"},
                                             {"--expect", "h1", "--heartbeat"},
                                             {"--expect", "h1", "--github-repo", "o/r"}}) {
    EXPECT_EQ(watch("2026-05-07T06:00:00Z", wrong).code, 2) << (wrong.empty() ? "" : wrong.back());
  }
  EXPECT_EQ(run({"watch", "--expect", "h1", "--store", "dir:" + path("nowhere")}).code, 5);
}

TEST_F(WatchCommand, RetentionMovesTheCliff) {
  const auto talk = [&](std::vector<std::string> more) {
    more.insert(more.begin(), {"--expect", "h1", "--stale-after", "90d"});
    return watch("2026-05-31T06:00:00Z", more).out;
  };
  EXPECT_THAT(talk({}), HasSubstr("the last nightly copy goes on 2026-06-07"));
  EXPECT_THAT(talk({"--retention-days", "90"}), testing::Not(HasSubstr("the last nightly copy")));
}

}  // namespace
}  // namespace lifeboat::cli
