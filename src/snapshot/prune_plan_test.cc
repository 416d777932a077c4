#include <gmock/gmock.h>

#include <set>

#include "snapshot/prune_test_kit.h"

namespace lifeboat::test {
namespace {

using std::chrono::days;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> removed(const PrunePlan& plan) {
  std::vector<std::string> lines;
  for (const PruneItem& item : plan.remove) lines.push_back(item.name + ": " + item.reason);
  return lines;
}

std::vector<std::string> kept(const PrunePlan& plan) {
  std::vector<std::string> lines;
  for (const PruneKept& one : plan.kept_beyond_rule) {
    lines.push_back(one.id.text() + ": " + one.reason);
  }
  return lines;
}

TEST(PrunePlan, RemovesWhatIsOlderThanTheRule) {
  PruneKit kit;
  const SnapshotId old = kit.backup({}, "2026-05-07T02:00:00Z");
  kit.copy_monthly(old, parse_time("2026-05-07T02:00:00Z"));
  kit.backup({}, "2026-05-08T02:00:00Z");
  kit.backup({}, "2026-06-06T02:00:00Z");
  EXPECT_THAT(removed(kit.plan(parse_time("2026-06-06T23:59:59Z"))), IsEmpty());
  const PrunePlan plan = kit.plan(parse_time("2026-06-07T00:00:00Z"));
  EXPECT_THAT(removed(plan), ElementsAre("h1/2026-05-07: older than 30 days"));
  EXPECT_THAT(plan.remove[0].keys,
              ElementsAre("h1/2026-05-07/manifest.json", "h1/2026-05-07/backup.index.age",
                          "h1/2026-05-07/backup.tar.zst.age"))
      << "the manifest first";
  EXPECT_GT(plan.remove[0].bytes, 12U);
  EXPECT_THAT(kept(plan), IsEmpty());
  kit.backup({}, "2027-05-08T02:00:00Z");
  EXPECT_THAT(removed(kit.plan(parse_time("2027-05-07T23:00:00Z"))),
              testing::Not(testing::Contains(HasSubstr("monthly"))));
  EXPECT_THAT(removed(kit.plan(parse_time("2027-05-08T03:00:00Z"))),
              testing::Contains("h1/monthly/2026-05: older than 12 months"));
}

TEST(PrunePlan, KeepsTheNewestGoodOneOfEachJob) {
  PruneKit kit;
  kit.backup({.job = "a"}, "2025-01-01T02:00:00Z");
  kit.backup({.job = "a"}, "2025-01-02T02:00:00Z");
  kit.backup({.job = "a", .is_partial = true}, "2025-01-03T02:00:00Z");
  kit.backup({.job = "b"}, "2025-01-01T03:00:00Z");
  kit.backup({.job = "a"}, "2024-01-01T02:00:00Z", "h2");
  const PrunePlan plan = kit.plan(parse_time("2026-06-01T00:00:00Z"));
  EXPECT_THAT(removed(plan), ElementsAre("h1/2025-01-01: older than 30 days",
                                         "h1/2025-01-03: older than 30 days"));
  EXPECT_THAT(kept(plan), ElementsAre("h1/2025-01-01-030000: the newest good one of job 'b'",
                                      "h1/2025-01-02: the newest good one of job 'a'",
                                      "h2/2024-01-01: the newest good one of job 'a'"));
  EXPECT_THAT(removed(kit.plan(parse_time("2026-06-01T00:00:00Z"), "h2")), IsEmpty());
}

TEST(PrunePlan, ARunUnderAClockThatWasAheadIsNotTheNewest) {
  PruneKit kit;
  kit.backup({}, "2026-01-01T02:00:00Z");
  kit.backup({}, "2031-01-01T02:00:00Z");
  const PrunePlan plan = kit.plan(parse_time("2028-01-01T02:00:00Z"));
  EXPECT_THAT(removed(plan), IsEmpty());
  EXPECT_THAT(kept(plan), ElementsAre("h1/2026-01-01: the newest good one of job 'nightly'"));
}

TEST(PrunePlan, KeepsWhatTheLastGoodDrillProved) {
  PruneKit kit;
  const SnapshotId first = kit.backup({}, "2025-01-01T02:00:00Z");
  const SnapshotId second = kit.backup({}, "2025-01-02T02:00:00Z");
  const SnapshotId third = kit.backup({}, "2025-01-03T02:00:00Z");
  kit.backup({}, "2026-06-01T02:00:00Z");
  kit.drill(first, parse_time("2025-01-01T04:00:00Z"), true);
  const std::string proof = kit.drill(second, parse_time("2025-01-01T05:00:00Z"), true);
  kit.drill(third, parse_time("2025-01-03T04:00:00Z"), false);
  kit.put("h1/drills/2025-01-04.json", "{ not evidence");
  kit.put("h1/drills/2026-05-01.json", "[]");
  const Timestamp now = parse_time("2026-06-01T03:00:00Z");
  const PrunePlan plan = kit.plan(now);
  EXPECT_THAT(kept(plan),
              ElementsAre("h1/2025-01-02: the last one of job 'nightly' that a drill proved"));
  EXPECT_THAT(removed(plan),
              ElementsAre("h1/2025-01-01: older than 30 days", "h1/2025-01-03: older than 30 days",
                          "h1/drills/2025-01-01.json: older than 400 days",
                          "h1/drills/2025-01-03.json: older than 400 days",
                          "h1/drills/2025-01-04.json: older than 400 days"))
      << "the evidence of what is kept stays, or the next call would not know: " << proof;
  kit.remove(plan);
  EXPECT_THAT(removed(kit.plan(now)), IsEmpty());
}

TEST(PrunePlan, KeepsTheFirstGoodOneOfAMonthWithoutACopy) {
  PruneKit kit;
  kit.backup({.is_partial = true}, "2026-01-01T02:00:00Z");
  kit.backup({}, "2026-01-02T02:00:00Z");
  kit.backup({}, "2026-01-03T02:00:00Z");
  const SnapshotId copied = kit.backup({}, "2026-02-01T02:00:00Z");
  kit.copy_monthly(copied, parse_time("2026-02-01T02:00:00Z"));
  kit.backup({.job = "other"}, "2026-02-01T03:00:00Z");
  kit.backup({.job = "other"}, "2026-05-01T03:00:00Z");
  kit.backup({}, "2026-05-01T02:00:00Z");
  const PrunePlan plan = kit.plan(parse_time("2026-05-02T02:00:00Z"));
  EXPECT_THAT(kept(plan),
              ElementsAre("h1/2026-01-02: the first good one of a month without a monthly copy of "
                          "job 'nightly'",
                          "h1/2026-02-01-030000: the first good one of a month without a monthly "
                          "copy of job 'other'"));
  EXPECT_THAT(removed(kit.plan(parse_time("2027-01-03T00:00:00Z"))),
              testing::Contains(HasSubstr("h1/2026-01-02: ")))
      << "no longer than the copy would have been kept";
}

TEST(PrunePlan, ACopyThatIsNotWholeDoesNotCount) {
  PruneKit kit;
  const Timestamp started = parse_time("2026-01-02T02:00:00Z");
  const SnapshotId copy = kit.copy_monthly(kit.backup({}, started), started);
  kit.backup({}, "2026-05-01T02:00:00Z");
  const Timestamp now = parse_time("2026-05-02T02:00:00Z");
  EXPECT_THAT(removed(kit.plan(now)), ElementsAre(HasSubstr("h1/2026-01-02")));
  kit.store.remove(copy.archive_key());
  EXPECT_THAT(removed(kit.plan(now)), IsEmpty());
}

TEST(PrunePlan, RemovesWhatKilledRunsLeft) {
  PruneKit kit;
  kit.backup({}, kit.clock.now());
  kit.clock.set("2023-11-21T02:00:00Z");
  kit.put("h1/2023-11-21/backup.tar.zst.age", "x");
  kit.put("h1/monthly/2023-11/backup.index.age", "x");
  kit.put("h1/supabase-weekly/2023-W47/supabase.sql.gz.age", "x");
  kit.put("h1/supabase-weekly/2023-W47/notes", "another's");
  kit.put("h1/notes", "another's");
  EXPECT_THAT(removed(kit.plan(parse_time("2023-11-24T23:00:00Z"))), IsEmpty());
  EXPECT_THAT(removed(kit.plan(parse_time("2023-11-25T00:00:00Z"))),
              ElementsAre("h1/2023-11-21: left by an unfinished run, older than 3 days",
                          "h1/monthly/2023-11: left by an unfinished run, older than 3 days",
                          "h1/supabase-weekly/2023-W47: left by an unfinished run, older than 3 "
                          "days"));
}

TEST(PrunePlan, WeekliesLiveAYearAndNeedNoMonthly) {
  PruneKit kit;
  const auto weekly = [&](const char* started) {
    const Timestamp start = parse_time(started);
    kit.backup({.job = "supabase-weekly"}, start, next_weekly_id(kit.store, "h1", start));
  };
  weekly("2025-01-06T02:00:00Z");
  weekly("2025-01-13T02:00:00Z");
  weekly("2025-06-02T02:00:00Z");
  EXPECT_THAT(removed(kit.plan(parse_time("2026-01-06T00:00:00Z"))), IsEmpty());
  EXPECT_THAT(removed(kit.plan(parse_time("2026-01-08T00:00:00Z"))),
              ElementsAre("h1/supabase-weekly/2025-W02: older than 365 days"));
  EXPECT_THAT(kept(kit.plan(parse_time("2027-01-08T00:00:00Z"))),
              ElementsAre("h1/supabase-weekly/2025-W23: the newest good one of job "
                          "'supabase-weekly'"));
}

TEST(PrunePlan, TouchesNoHostWhoseManifestsCannotBeBelieved) {
  PruneKit kit;
  kit.backup({.is_damaged = true}, "2024-01-01T02:00:00Z");
  kit.put("h1/drills/2023-01-01.json", "{}");
  kit.put("h1/2024-01-02/backup.tar.zst.age", "x");
  kit.backup({}, "2026-01-01T02:00:00Z", "h2");
  const Timestamp now = parse_time("2026-01-02T02:00:00Z");
  const PrunePlan plan = kit.plan(now);
  EXPECT_THAT(removed(plan), IsEmpty());
  EXPECT_THAT(kept(plan), ElementsAre("h1/2024-01-01: no manifest of this host can be believed",
                                      "h1/2024-01-02: no manifest of this host can be believed"));
  kit.backup({}, "2026-01-01T02:00:00Z");
  EXPECT_THAT(removed(kit.plan(now)).size(), 3U) << "now there is one";
  SeededRandom random;
  const Trust trust{{Ed25519PrivateKey::generate(random).public_key()}};
  EXPECT_THAT(removed(plan_prune(kit.store, {"", {}, trust}, now)), IsEmpty())
      << "nothing is signed by a key that is trusted";
}

}  // namespace
}  // namespace lifeboat::test
