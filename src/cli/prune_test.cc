// Monthlies and pruning as a person sees them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/format.h"
#include "cli/app_test_fixture.h"
#include "cli/render.h"

namespace lifeboat::cli {
namespace {

using std::chrono::hours;
using testing::HasSubstr;
using testing::Not;

class PruneCommand : public AppFixture {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"keygen", "-o", path("key.txt")}).code, 0);
    std::filesystem::create_directories(folder_ / "live");
    std::filesystem::create_directories(folder_ / "store");
    test::write_file(path("live/a.txt"), "hello\n");
    write_config("retention: {daily: 10, monthly: 12}\n");
  }
  void write_config(const std::string& retention) {
    test::write_file(path("lifeboat.yaml"),
                     format("host: vps-h1\n"
                            "store: {{dir: store}}\n"
                            "encryption: {{recipients: [{}]}}\n"
                            "{}"
                            "services:\n"
                            "  files: {{recipe: volume, path: live}}\n"
                            "jobs:\n"
                            "  nightly: {{schedule: manual, services: [files]}}\n"
                            "drill: {{identity: key.txt, scratch: .}}\n"
                            "spool_dir: .\n"
                            "state_dir: state\n",
                            recipient(), retention));
  }
  void nights(int count) {
    for (int night = 0; night < count; ++night) {
      const Outcome made = with_config({"backup", "-q"});
      ASSERT_EQ(made.code, 0) << made.talk;
      clock_.advance(hours(24));
    }
  }
};

TEST_F(PruneCommand, ABackupTellsOfItsMonthly) {
  const Outcome first = with_config({"backup"});
  EXPECT_THAT(first.out, HasSubstr("\nmonthly   vps-h1/monthly/2026-05\n"));
  const Json second = Json::parse(with_config({"backup", "--json"}).out);
  EXPECT_TRUE(second["monthly"].is_null());
  EXPECT_EQ(second["warnings"], Json::array());
}

TEST_F(PruneCommand, AMonthlyThatFailsIsAWarningAndTheBackupStands) {
  test::write_file(path("store/vps-h1/monthly"), "in the way");
  const Outcome made = with_config({"backup", "--json"});
  EXPECT_EQ(made.code, 0);
  EXPECT_THAT(made.talk, HasSubstr("keep vps-h1/2026-05-07 as vps-h1/monthly/2026-05: "));
  EXPECT_EQ(Json::parse(made.out)["warnings"].size(), 1U);
  EXPECT_EQ(with_config({"verify"}).code, 0);
}

TEST_F(PruneCommand, MonthliesAreListedAndRead) {
  nights(2);
  const Outcome listed = with_config({"list"});
  EXPECT_LT(listed.out.find("vps-h1/2026-05-07 "), listed.out.find("vps-h1/monthly/2026-05 "));
  const Json all = Json::parse(with_config({"list", "--json"}).out);
  EXPECT_EQ(all[0]["snapshot"], "vps-h1/2026-05-08");
  EXPECT_EQ(all[0]["tier"], "daily");
  EXPECT_EQ(all[2]["tier"], "monthly");
  for (const char* snapshot : {"monthly/2026-05", "vps-h1/monthly/2026-05"}) {
    EXPECT_THAT(with_config({"ls", snapshot}).out, HasSubstr(" files/a.txt\n"));
    EXPECT_EQ(with_config({"cat", snapshot, "files/a.txt"}).out, "hello\n");
    EXPECT_EQ(with_config({"drill", snapshot}).code, 0);
  }
  EXPECT_EQ(with_config({"restore", "monthly/2026-05", "--to", path("out")}).code, 0);
  EXPECT_EQ(Json::parse(with_config({"verify", "--all", "--json"}).out).size(), 3U);
}

TEST_F(PruneCommand, RemovesByTheConfiguredRule) {
  nights(12);
  const Outcome dry = with_config({"prune", "--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.talk;
  EXPECT_THAT(dry.out, HasSubstr("WOULD GO"));
  EXPECT_THAT(dry.out, HasSubstr("would go; nothing was removed\n"));
  EXPECT_EQ(Json::parse(with_config({"list", "--json"}).out).size(), 13U);
  const Json done = Json::parse(with_config({"prune", "--json"}).out);
  ASSERT_EQ(done["removed"].size(), 2U);
  EXPECT_EQ(done["removed"][0]["name"], "vps-h1/2026-05-07");
  EXPECT_EQ(done["removed"][0]["reason"], "older than 10 days");
  EXPECT_EQ(done["removed"][0]["keys"][0], "vps-h1/2026-05-07/manifest.json");
  EXPECT_EQ(Json::parse(with_config({"list", "--json"}).out).size(), 11U);
  EXPECT_EQ(with_config({"prune"}).out, "nothing to remove\n");
  const Outcome gone = with_config({"ls", "2026-05-07"});
  EXPECT_EQ(gone.code, 5);
  EXPECT_THAT(gone.talk, HasSubstr("hint: Of that month there is: vps-h1/monthly/2026-05."));
}

TEST_F(PruneCommand, ANamedStoreIsPrunedByTheConfigurationAtHand) {
  nights(13);
  const std::vector<std::string> named{"prune", "--store", "dir:" + path("store"), "--dry-run"};
  EXPECT_EQ(run(named).out, "nothing to remove\n") << "30 days unless told otherwise";
  EXPECT_THAT(with_config(named).out, HasSubstr("older than 10 days"));
  EXPECT_EQ(run({"prune", "--store", "dir:" + path("store"), "--host", "NO"}).code, 3);
}

TEST(RenderPrune, NamesWhatGoesAndWhatStays) {
  const SnapshotId kept{"h1", parse_date("2026-01-01"), ""};
  const PrunePlan plan{{{"h1/2026-01-02", {"a", "b"}, 2048, "older than 30 days"}},
                       {{kept, "the newest good one of job 'nightly'"}}};
  EXPECT_EQ(render_prune(plan, false, Style()),
            "REMOVED           SIZE  WHY\n"
            "h1/2026-01-02  2.0 KiB  older than 30 days\n"
            "\n"
            "KEPT THOUGH OLD  WHY\n"
            "h1/2026-01-01    the newest good one of job 'nightly'\n"
            "\n"
            "1 item, 2.0 KiB removed\n");
  EXPECT_THAT(render_prune({}, false, Style()), Not(HasSubstr("REMOVED")));
  EXPECT_EQ(prune_to_json(plan, true)["bytes"], 2048U);
}

}  // namespace
}  // namespace lifeboat::cli
