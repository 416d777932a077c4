// What a run is foretold to do is what it then does.

#include "engine/run_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine_test_kit.h"
#include "store/counting_store.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using testing::HasSubstr;

class RunPlanTest : public testing::Test {
 protected:
  RunPlan plan(const BackupRequest& request) {
    Environment environment = kit_.environment();
    RecipeContext context = environment.recipe_context();
    PlanWorld world{.recipes = kit_.recipes, .context = context, .store = &counting_};
    world.state = state_ ? &*state_ : nullptr;
    world.trust = kit_.trust;
    return plan_run(request, world);
  }
  BackupRequest request() {
    BackupRequest made = kit_.request({kit_.files()});
    made.monthly_months = 12;
    return made;
  }

  test::EngineKit kit_;
  CountingStore counting_{kit_.memory};
  std::optional<JobState> state_;
};

TEST_F(RunPlanTest, BeforeTheFirstRunNothingIsInvented) {
  const RunPlan before = plan(kit_.request());
  ASSERT_EQ(before.services.size(), 2U);
  EXPECT_EQ(before.services[0].raw_bytes, 70006U);
  EXPECT_FALSE(before.services[0].last_raw_bytes);
  EXPECT_FALSE(before.services[1].raw_bytes) << "a command that was not run";
  EXPECT_EQ(before.unknown, std::vector<std::string>{"dump"});
  EXPECT_EQ(before.raw_bytes, 70006U);
  EXPECT_FALSE(before.stored_bytes);
  EXPECT_FALSE(before.duration);
  EXPECT_FALSE(before.last);
  EXPECT_FALSE(before.growth);
  EXPECT_FALSE(before.monthly) << "none are kept";
}

TEST_F(RunPlanTest, ForetellsWhatTheRunThenMakes) {
  const RunPlan before = plan(request());
  ASSERT_TRUE(before.monthly);
  const BackupResult made = kit_.backup(request());
  EXPECT_EQ(made.id, before.id);
  EXPECT_EQ(made.monthly, before.monthly);
  // Random bytes: the upper end is what comes.
  EXPECT_LE(made.manifest.archive.bytes, before.stored_bytes_max);
  EXPECT_GT(made.manifest.archive.bytes, before.raw_bytes);

  kit_.clock.advance(days(1));
  const RunPlan after = plan(request());
  EXPECT_NE(after.id, before.id);
  EXPECT_FALSE(after.monthly) << "the month has one";
  ASSERT_TRUE(after.last);
  EXPECT_EQ(after.last->snapshot, made.id.text());
  EXPECT_EQ(after.services[0].last_raw_bytes, made.manifest.services[0].raw_bytes);
  ASSERT_TRUE(after.stored_bytes);
  EXPECT_NEAR(static_cast<double>(*after.stored_bytes),
              static_cast<double>(made.manifest.archive.bytes), 5000);
  EXPECT_GT(after.held_bytes, 2 * made.manifest.archive.bytes) << "the copy of the month too";
  kit_.clock.advance(days(31));
  EXPECT_TRUE(plan(request()).monthly);
}

TEST_F(RunPlanTest, ASecondRunOfADayGetsItsOwnName) {
  kit_.backup(request());
  kit_.clock.advance(std::chrono::hours(1));
  const SnapshotId foretold = plan(request()).id;
  EXPECT_NE(foretold.suffix, "");
  EXPECT_EQ(kit_.backup(request()).id, foretold);
}

TEST_F(RunPlanTest, ChangesNothingAndAsksForNoMember) {
  BackupRequest asked = kit_.request();
  const std::string mark = kit_.folder / "touched";
  asked.services[1].hooks.before = {{"touch", mark}};
  asked.services[1].service.settings.set("command", std::vector<std::string>{"touch", mark});
  asked.hooks.before = {{"touch", mark}};
  const RunPlan planned = plan(asked);
  EXPECT_EQ(planned.services[1].meanwhile, "runs on, hooks run");
  EXPECT_FALSE(std::filesystem::exists(mark));
  const StoreCounts counts = counting_.counts();
  EXPECT_EQ(counts.creates + counts.removes + counts.copies, 0U);
  EXPECT_TRUE(kit_.memory.list("").empty());
}

TEST_F(RunPlanTest, AServiceThatCannotBeReadIsARowOfItsOwn) {
  std::filesystem::remove_all(kit_.folder / "files");
  const RunPlan planned = plan(kit_.request());
  EXPECT_THAT(planned.services[0].error, HasSubstr("files"));
  EXPECT_TRUE(planned.services[1].error.empty());
}

TEST_F(RunPlanTest, SaysWhatIsStopped) {
  BackupService files = kit_.files();
  const auto meanwhile = [&] { return plan(kit_.request({files})).services[0].meanwhile; };
  EXPECT_EQ(meanwhile(), "runs on");
  files.service.settings.set("stop", std::string("stop"));
  EXPECT_EQ(meanwhile(), "is stopped");
  files.service.settings.set("stop", std::string("pause"));
  EXPECT_EQ(meanwhile(), "is paused");
}

TEST_F(RunPlanTest, GrowthNeedsAWeek) {
  const auto grow = [&](int nights) {
    for (int night = 0; night < nights; ++night) {
      kit_.backup(request());
      kit_.clock.advance(days(1));
      test::write_file(kit_.folder / format("files/more{}", kit_.memory.list("").size()),
                       kit_.random.bytes(50000));
    }
  };
  grow(5);
  EXPECT_FALSE(plan(request()).growth);
  grow(5);
  const auto growth = plan(request()).growth;
  ASSERT_TRUE(growth);
  EXPECT_EQ(growth->snapshots, 10U);
  EXPECT_EQ(growth->days, 9U);
  EXPECT_NEAR(growth->bytes_per_day, 50000, 2000);
}

TEST_F(RunPlanTest, OtherJobsArePassedOver) {
  kit_.backup(request());
  BackupRequest other = request();
  other.job = "databases";
  const RunPlan planned = plan(other);
  EXPECT_FALSE(planned.last);
  EXPECT_TRUE(planned.monthly) << "the month's copy is of another job";
}

// The host remembers its last run; the store is the better witness, and the only one of growth.
TEST_F(RunPlanTest, WithoutTheStoreTheStateTells) {
  state_.emplace();
  state_->name = "nightly";
  state_->snapshot = "vps-h1/2026-05-06";
  state_->archive_bytes = 500;
  state_->duration = std::chrono::seconds(10);
  state_->services.push_back({"dump", true, Timestamp{}, 1000, {}});
  Environment environment = kit_.environment();
  RecipeContext context = environment.recipe_context();
  PlanWorld world{.recipes = kit_.recipes, .context = context};
  world.store_error = "the bucket does not answer";
  world.state = &*state_;
  const RunPlan planned = plan_run(kit_.request(), world);
  EXPECT_EQ(planned.store_error, "the bucket does not answer");
  EXPECT_EQ(planned.last->snapshot, "vps-h1/2026-05-06");
  EXPECT_EQ(planned.services[1].last_raw_bytes, 1000U);
  EXPECT_EQ(planned.raw_bytes, 71006U);
  EXPECT_EQ(planned.stored_bytes, 35503U);
  EXPECT_EQ(planned.duration, std::chrono::nanoseconds(710'060'000'000));
}

TEST(PeakMemoryTest, GrowsWithLevelWorkersAndParts) {
  BackupRequest request;
  request.workers = 2;
  request.level = 3;
  const PeakMemory folder = peak_memory(request, 0);
  EXPECT_EQ(folder.workers, 2U);
  EXPECT_EQ(folder.upload_bytes, 0U);
  EXPECT_GT(folder.frames_bytes, 4 * 8U << 20);
  EXPECT_EQ(peak_memory(request, 32 << 20).total(), folder.total() + (32U << 20));
  request.level = 19;
  const PeakMemory high = peak_memory(request, 0);
  EXPECT_GT(high.contexts_bytes, 2 * folder.contexts_bytes);
  EXPECT_GT(high.frames_bytes, 3 * folder.frames_bytes);  // fewer, larger frames
  request.cache_bytes_max = 1;
  EXPECT_LT(peak_memory(request, 0).frames_bytes, folder.frames_bytes);
  request.level = 3;
  EXPECT_EQ(peak_memory(request, 0).frames_bytes, folder.frames_bytes);
  request.workers = 6;
  EXPECT_EQ(peak_memory(request, 0).frames_bytes, 2 * folder.frames_bytes);
  request.is_single_stream = true;
  EXPECT_EQ(peak_memory(request, 0).frames_bytes, 0U);
}

}  // namespace
}  // namespace lifeboat
