// A host whose clock was wrong once: what was dated in the future, or by a newer program, must not
// be the latest for ever, hide that nothing comes any more, or make prune take what is good.

#include <gmock/gmock.h>

#include "engine/history.h"
#include "engine/monthly.h"
#include "engine/watch.h"
#include "observe/status.h"
#include "snapshot/prune_test_kit.h"

namespace lifeboat::test {
namespace {

using std::chrono::days;
using std::chrono::hours;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::string latest(Store& store, std::string_view now, std::optional<SnapshotId>* over = nullptr) {
  return resolve_snapshot(store, "latest", "", {parse_time(now), over}).text();
}

Status status_of(Store& store, Timestamp now, const HostState* state = nullptr) {
  const History history = load_history(store, {}, {});
  StatusInput input;
  if (state == nullptr) input.history = &history;
  input.state = state;
  input.now = now;
  return assess(input);
}

std::vector<std::string> told(const Status& status) {
  std::vector<std::string> texts;
  for (const StatusFinding& finding : status.findings) texts.push_back(finding.text);
  return texts;
}

TEST(WrongClock, TheFutureIsNotTheLatest) {
  PruneKit kit;
  kit.backup({}, "2026-05-07T02:00:00Z");
  kit.backup({}, "2040-01-01T02:00:00Z");
  std::optional<SnapshotId> over;
  EXPECT_EQ(latest(kit.store, "2026-05-08T09:00:00Z", &over), "h1/2026-05-07");
  ASSERT_TRUE(over);
  EXPECT_EQ(over->text(), "h1/2040-01-01");
  EXPECT_EQ(latest(kit.store, "2039-12-31T00:00:00Z"), "h1/2040-01-01") << "a day is no wonder";
  EXPECT_EQ(latest(kit.store, "1970-01-01T00:00:00Z"), "h1/2040-01-01")
      << "a machine without a clock has to restore too";
  over.reset();
  EXPECT_EQ(latest(kit.store, "2041-01-01T00:00:00Z", &over), "h1/2040-01-01");
  EXPECT_FALSE(over);
}

TEST(WrongClock, TheFutureHidesNoAgeInTheStatus) {
  PruneKit kit;
  kit.backup({}, "2026-05-07T02:00:00Z");
  kit.backup({}, "2040-01-01T02:00:00Z");
  const Status status = status_of(kit.store, parse_time("2026-05-20T09:00:00Z"));
  ASSERT_EQ(status.jobs.size(), 1U);
  EXPECT_EQ(status.jobs[0].age, FindingLevel::error);
  EXPECT_EQ(print_time(*status.jobs[0].last_run), "2026-05-07T02:00:00Z");
  EXPECT_THAT(told(status), Contains(HasSubstr("h1/2040-01-01 is dated in the future")));
}

TEST(WrongClock, AFailureAfterTheFutureIsTold) {
  PruneKit kit;
  kit.backup({}, "2040-01-01T02:00:00Z");
  const History history = load_history(kit.store, {}, {});
  HostState state;
  state.host = "h1";
  JobState& job = state.job("nightly");
  job.last_run = parse_time("2026-05-20T02:00:00Z");
  job.status = 5;
  job.error = "the bucket is gone";
  StatusInput input;
  input.history = &history;
  input.state = &state;
  input.now = parse_time("2026-05-20T09:00:00Z");
  EXPECT_THAT(told(assess(input)), Contains(HasSubstr("the bucket is gone")));
}

TEST(WrongClock, TheStateOfAnAheadClockIsNotFresh) {
  MemoryStore store;
  HostState state;
  state.host = "h1";
  state.job("nightly").last_run = parse_time("2040-01-01T02:00:00Z");
  state.job("nightly").last_success = parse_time("2040-01-01T02:05:00Z");
  state.drill("h1", "nightly").last_run = parse_time("2040-01-01T03:00:00Z");
  state.drill("h1", "nightly").last_success = parse_time("2040-01-01T03:05:00Z");
  const Status status = status_of(store, parse_time("2026-05-20T09:00:00Z"), &state);
  ASSERT_EQ(status.jobs.size(), 1U);
  EXPECT_FALSE(status.jobs[0].last_success);
  EXPECT_FALSE(status.jobs[0].proved);
  EXPECT_THAT(told(status), Contains("there is no whole backup"));
}

TEST(WrongClock, WatchSeesAStaleHostBehindTheFuture) {
  PruneKit kit;
  kit.clock.set("2026-05-07T02:00:00Z");
  kit.backup({}, "2026-05-07T02:00:00Z");
  kit.clock.set("2040-01-01T02:00:00Z");  // a folder's times come from the same clock
  kit.backup({}, "2040-01-01T02:00:00Z");
  WatchRequest request;
  request.expected.resize(1);
  request.expected[0].host = "h1";
  request.now = parse_time("2026-05-20T09:00:00Z");
  const WatchReport report = watch_store(kit.store, request);
  std::vector<std::string> ids;
  for (const auto& problem : report.hosts.at(0).problems) ids.push_back(problem.id);
  EXPECT_THAT(ids, Contains("watch/daily"));
  EXPECT_THAT(ids, Contains("watch/clock"));
}

TEST(WrongClock, ACopyFromTheFutureStandsForNoMonth) {
  PruneKit kit;
  const auto run_at = [&](std::string_view text) {
    const Timestamp started = parse_time(text);
    const SnapshotId id = kit.backup({}, started);
    return keep_monthly(kit.store, {id, load_manifest(kit.store, id, {}), {}});
  };
  EXPECT_EQ(run_at("2026-06-15T02:00:00Z")->text(), "h1/monthly/2026-06");
  EXPECT_EQ(run_at("2026-05-16T02:00:00Z")->text(), "h1/monthly/2026-05") << "set right again";
  EXPECT_EQ(run_at("2026-06-01T02:00:00Z")->text(), "h1/monthly/2026-06-020000")
      << "June's own data, not May's";
  EXPECT_FALSE(run_at("2026-06-01T01:30:00Z")) << "an hour back is the same night";
  EXPECT_FALSE(run_at("2026-06-02T02:00:00Z"));
}

TEST(WrongClock, PruneTakesNothingGoodForTheFuture) {
  PruneKit kit;
  kit.backup({}, "2026-05-07T02:00:00Z");
  kit.backup({}, "2040-01-01T02:00:00Z");
  kit.backup({}, "1970-01-01T02:00:00Z");
  const PrunePlan plan = kit.plan(parse_time("2028-05-20T09:00:00Z"));
  ASSERT_EQ(plan.remove.size(), 1U);
  EXPECT_EQ(plan.remove[0].name, "h1/1970-01-01");
  ASSERT_EQ(plan.kept_beyond_rule.size(), 1U);
  EXPECT_EQ(plan.kept_beyond_rule[0].id.text(), "h1/2026-05-07");
}

TEST(WrongClock, DatesThatNoClockShowsAreNoSnapshots) {
  PruneKit kit;
  for (const char* day : {"9999-12-31", "0000-01-01", "1969-12-31", "2200-01-01"}) {
    for (const char* key : {"h1/{}/manifest.json", "h1/{}/backup.tar.zst.age"}) {
      kit.put(format(fmt::runtime(key), day), "x");
    }
  }
  kit.put("h1/drills/9999-12-31.json", "x");
  kit.put("h1/supabase-weekly/9999-W51/manifest.json", "x");
  EXPECT_THAT(list_snapshots(kit.store, ""), IsEmpty());
  kit.backup({}, "2026-05-07T02:00:00Z");
  const Timestamp now = parse_time("2026-05-08T09:00:00Z");
  EXPECT_THAT(kit.plan(now).remove, IsEmpty());
  EXPECT_EQ(status_of(kit.store, now).jobs.size(), 1U);
}

// A manifest of a format to come, as far as this program can know it.
void put_newer(PruneKit& kit, const std::string& day) {
  kit.put("h1/" + day + "/backup.tar.zst.age", "archive");
  kit.put("h1/" + day + "/manifest.json", "{\n  \"format\": 2,\n  \"when\": \"x\"\n}\n");
}

TEST(NewerFormat, IsNeverPrunedAndNeverPassedOver) {
  PruneKit kit;
  kit.backup({}, "2026-05-07T02:00:00Z");
  put_newer(kit, "2026-05-08");
  put_newer(kit, "monthly/2026-05");
  const PrunePlan plan = kit.plan(parse_time("2030-05-20T09:00:00Z"));
  EXPECT_THAT(plan.remove, IsEmpty());
  EXPECT_THAT(plan.kept_beyond_rule.size(), 3U);
  EXPECT_EQ(latest(kit.store, "2026-05-09T09:00:00Z"), "h1/2026-05-08")
      << "an older one in its place would be a lie";
  const std::string fault =
      error_text([&] { load_manifest(kit.store, *parse_snapshot_text("h1/2026-05-08"), {}); });
  EXPECT_THAT(fault, HasSubstr("it has format 2, this lifeboat knows 1"));
  EXPECT_THAT(fault, HasSubstr("update this one to read it"));
  const Status status = status_of(kit.store, parse_time("2026-05-08T09:00:00Z"));
  EXPECT_THAT(told(status), Contains(HasSubstr("h1/2026-05-08")));
}

TEST(NewerFormat, OfADrillIsNeverPruned) {
  PruneKit kit;
  const SnapshotId id = kit.backup({}, "2026-05-07T02:00:00Z");
  kit.drill(id, parse_time("2026-05-08T03:00:00Z"), true);
  const std::string newer = "h1/drills/2026-05-09.json";
  kit.put(newer, "{\n  \"format\": 2,\n  \"proof\": \"x\"\n}\n");
  kit.put("h1/drills/2026-05-10.json", "{\n  \"format\": 1,\n  \"proof\": \"x\"\n}\n");
  const PrunePlan plan = kit.plan(parse_time("2030-05-20T09:00:00Z"));
  ASSERT_EQ(plan.remove.size(), 1U) << "the last proof and the newer one stay";
  EXPECT_EQ(plan.remove[0].name, "h1/drills/2026-05-10.json");
}

TEST(NewerFormat, OfAMonthlyDoesNotStopTheCopyOfThisProgram) {
  PruneKit kit;
  put_newer(kit, "monthly/2026-05");
  const SnapshotId id = kit.backup({}, "2026-05-07T02:00:00Z");
  const auto copy = keep_monthly(kit.store, {id, load_manifest(kit.store, id, {}), {}});
  ASSERT_TRUE(copy);
  EXPECT_EQ(copy->text(), "h1/monthly/2026-05-020000");
}

}  // namespace
}  // namespace lifeboat::test
