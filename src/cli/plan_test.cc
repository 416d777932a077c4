// A look ahead, as a person sees it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/format.h"
#include "base/json.h"
#include "cli/app_test_fixture.h"
#include "cli/render_plan.h"
#include "cli/storage_plan.h"
#include "support/http_server.h"
#include "support/scripted_s3.h"

namespace lifeboat::cli {
namespace {

using std::chrono::hours;
using testing::HasSubstr;
using testing::Not;

class PlanCommand : public AppFixture {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"keygen", "-o", path("key.txt")}).code, 0);
    std::filesystem::create_directories(folder_ / "live");
    std::filesystem::create_directories(folder_ / "store");
    test::write_file(path("live/a.txt"), std::string(100000, 'a'));
    configure("store: {dir: store}");
  }
  void configure(const std::string& store) {
    test::write_file(path("lifeboat.yaml"),
                     format("host: vps-h1\n"
                            "{}\n"
                            "encryption: {{recipients: [{}]}}\n"
                            "services:\n"
                            "  files: {{recipe: volume, path: live}}\n"
                            "jobs:\n"
                            "  nightly: {{schedule: \"02:00\", services: [files]}}\n"
                            "spool_dir: .\n"
                            "state_dir: state\n",
                            store, recipient()));
  }
};

TEST_F(PlanCommand, TellsWhatARunWouldDo) {
  const Outcome first = with_config({"plan"});
  EXPECT_EQ(first.code, 0) << first.talk;
  EXPECT_THAT(first.out, HasSubstr("nightly of vps-h1 would be "
                                   "vps-h1/2026-05-07/backup.tar.zst.age, copied as "
                                   "vps-h1/monthly/2026-05 if all services succeed\n"));
  EXPECT_THAT(first.out, HasSubstr("files    volume  97.7 KiB         -  1 file"));
  EXPECT_THAT(first.out, HasSubstr("no run yet tells how well it compresses"));
  EXPECT_THAT(first.out, HasSubstr("stay free in the long run"));
  EXPECT_THAT(first.out, HasSubstr("at most\n"));
  ASSERT_EQ(with_config({"backup", "-q"}).code, 0);
  clock_.advance(hours(24));
  const Outcome second = with_config({"plan", "nightly"});
  EXPECT_THAT(second.out, HasSubstr("as well compressed as vps-h1/2026-05-07"));
  EXPECT_THAT(second.out, HasSubstr("files    volume  97.7 KiB  97.7 KiB"));
  EXPECT_THAT(second.out, Not(HasSubstr("monthly/2026-05 if")));
  EXPECT_EQ(with_config({"plan", "weekly"}).code, 3);
}

TEST_F(PlanCommand, JsonHoldsTheNumbers) {
  ASSERT_EQ(with_config({"backup", "-q"}).code, 0);
  clock_.advance(hours(24));
  const Json value = Json::parse(with_config({"plan", "--json"}).out);
  const Json& job = value["jobs"][0];
  EXPECT_EQ(job["snapshot"], "vps-h1/2026-05-08");
  EXPECT_EQ(job["services"][0]["raw_bytes"], 100000);
  EXPECT_EQ(job["services"][0]["items"]["files"], 1);
  EXPECT_LT(job["stored_bytes"], 10000);
  EXPECT_EQ(job["last"]["snapshot"], "vps-h1/2026-05-07");
  EXPECT_GT(job["memory"]["total_bytes"], 24 << 20);
  const Json& storage = value["storage"];
  EXPECT_EQ(storage["streams"][0]["copies_max"], 31);
  EXPECT_EQ(storage["streams"][1]["copies_max"], 13);
  EXPECT_EQ(storage["full_in_days"], nullptr);
  EXPECT_FALSE(storage.contains("months"));
}

TEST_F(PlanCommand, AServiceThatIsGoneIsToldAndEndsAsCheckDoes) {
  std::filesystem::remove_all(folder_ / "live");
  const Outcome gone = with_config({"plan"});
  EXPECT_EQ(gone.code, 4);
  EXPECT_THAT(gone.out, HasSubstr("CANNOT BE PLANNED"));
  EXPECT_THAT(gone.out, HasSubstr("not counted: service 'files': it cannot be planned"));
  EXPECT_EQ(with_config({"plan", "--json"}).code, 4);
}

TEST_F(PlanCommand, AFolderIsNotMadeAndHasNoPrice) {
  std::filesystem::remove(folder_ / "store");
  const Outcome planned = with_config({"plan"});
  EXPECT_EQ(planned.code, 0);
  EXPECT_THAT(planned.talk, HasSubstr("the first backup makes it"));
  EXPECT_THAT(planned.out, HasSubstr("copied as vps-h1/monthly/2026-05"));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "store"));
  EXPECT_EQ(with_config({"plan", "--price", "5"}).code, 2);
}

// A server that says no: sizes are still told, and the end is that of `check`.
TEST_F(PlanCommand, ABucketThatRefusesLeavesTheRest) {
  test::ScriptedS3Options options;
  options.secret_key = "another";
  test::ScriptedS3 s3(options);
  const test::HttpServer server([&](const test::ServedRequest& asked) { return s3.handle(asked); });
  clock_.set(print_time(SystemClock().now()));
  configure(
      format("store: {{s3: {{endpoint: \"{}\", region: test-1, bucket: bucket, "
             "access_key: AKIDEXAMPLE, secret_key: example-secret}}}}",
             server.url()));
  std::filesystem::permissions(folder_ / "lifeboat.yaml", std::filesystem::perms::owner_read);
  const Outcome refused = with_config({"plan"});
  EXPECT_EQ(refused.code, 5) << refused.talk;
  EXPECT_THAT(refused.out, HasSubstr("files    volume  97.7 KiB"));
  EXPECT_THAT(refused.out, HasSubstr("32.0 MiB upload"));
  EXPECT_THAT(refused.out, HasSubstr("give --price USD"));
  EXPECT_THAT(refused.talk, HasSubstr("lifeboat: "));
  EXPECT_THAT(refused.talk, Not(HasSubstr("example-secret")));
}

// The mission's bucket: what is deleted after 30 days is paid for 90.
TEST(StoragePlanTest, WasabiBillsNinetyDays) {
  Config config;
  config.host = "vps-h1";
  S3StoreConfig s3;
  s3.endpoint = "https://s3.eu-central-1.wasabisys.com";
  s3.bucket = "backups";
  config.store = s3;
  PlannedJob job;
  job.run.job = "nightly";
  job.run.id = {"vps-h1", parse_date("2026-05-07"), ""};
  job.run.stored_bytes = 10'000'000'000;
  job.run.last = PastRun{.started = parse_time("2026-05-06T02:00:00Z")};
  job.runs_per_day = 1;
  const StoragePlan plan = plan_storage(config, {job}, {});
  ASSERT_TRUE(plan.provider);
  EXPECT_EQ(plan.provider->name, "Wasabi");
  ASSERT_EQ(plan.months.size(), 3U);
  const BilledStorage& steady = plan.months[2].storage;
  EXPECT_NEAR(steady.active / 1e9, 309.2 + 120.3, 0.1);  // 30.9 nightlies, 12 monthlies
  EXPECT_NEAR(steady.deleted / 1e9, 590.8, 0.1);
  EXPECT_NEAR(*plan.months[2].cost, 7.99 + 590.8e9 / (1ULL << 40) * 7.99, 0.01);
  EXPECT_NEAR(*plan.months[0].cost, 7.99, 0.01) << "the least that is billed";
  ASSERT_EQ(plan.advice.size(), 2U);
  EXPECT_THAT(plan.advice[0], HasSubstr("retention.daily: 90 instead of 30 costs 7.99 USD a "
                                        "month in the long run, not 12.28"));
  EXPECT_THAT(plan.advice[1], HasSubstr("1.0 TiB are billed at least, and this host uses 400.0"));
  const std::string text = render_storage_plan(plan, Style());
  EXPECT_THAT(text, HasSubstr("Wasabi: 7.99 USD a TB and month, 90 days billed at least, 1.0 TiB "
                              "billed at least (https://wasabi.com/pricing, 2026-07)\n"));
  EXPECT_THAT(text, HasSubstr("MONTH      STORED  GONE, BILLED       COST\n"));

  config.retention.daily = 90;
  EXPECT_EQ(plan_storage(config, {job}, {}).months[2].storage.deleted, 0);
  const StoragePlan priced =
      plan_storage(config, {job}, {.price_tb_month = 100, .minimum_days = 0});
  EXPECT_EQ(priced.provider->price_tb_month, 100);
  EXPECT_TRUE(priced.provider->source.empty());
}

TEST(StoragePlanTest, AnUnknownServerHasNoPriceUnlessOneIsGiven) {
  Config config;
  S3StoreConfig s3;
  s3.endpoint = "http://10.0.0.7:9000";
  config.store = s3;
  PlannedJob job;
  job.run.job = "weekly";
  job.run.id = weekly_of("vps-h1", parse_time("2026-05-07T02:00:00Z"));
  job.run.stored_bytes_max = 1000;
  job.runs_per_day = 1.0 / 7;
  PlannedJob manual;
  manual.run.job = "by-hand";
  const StoragePlan plan = plan_storage(config, {job, manual}, {});
  EXPECT_FALSE(plan.provider);
  EXPECT_FALSE(plan.months[0].cost);
  EXPECT_TRUE(plan.is_upper_bound);
  ASSERT_EQ(plan.streams.size(), 1U) << "no monthly copies of weeklies";
  EXPECT_EQ(plan.streams[0].copies_max(), 53U);
  EXPECT_EQ(plan.not_counted, std::vector<std::string>{"job 'by-hand': it has no schedule"});
  EXPECT_THAT(render_storage_plan(plan, Style()), HasSubstr("give --price USD"));
  const StoragePlan priced = plan_storage(config, {job}, {.price_tb_month = 5});
  EXPECT_TRUE(priced.months[2].cost);
}

TEST(StoragePlanTest, ADiskThatIsTooSmallIsToldWhenItIsFull) {
  Config config;
  const test::TempFolder folder;
  config.store = DirStoreConfig{folder / ""};
  PlannedJob job;
  job.run.job = "nightly";
  job.run.id = {"vps-h1", parse_date("2026-05-07"), ""};
  job.run.stored_bytes = *free_bytes_of(folder / "") / 10;
  job.runs_per_day = 1;
  const StoragePlan plan = plan_storage(config, {job}, {});
  ASSERT_TRUE(plan.full_in_days);
  EXPECT_NEAR(static_cast<double>(*plan.full_in_days), 9.5, 1.5);
  EXPECT_THAT(render_storage_plan(plan, Style()), HasSubstr("days at the earliest"));
}

}  // namespace
}  // namespace lifeboat::cli
