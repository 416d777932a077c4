#include "engine/prune.h"

#include <gmock/gmock.h>

#include "engine/engine_test_kit.h"
#include "engine/store_test_double.h"
#include "snapshot/catalog.h"
#include "snapshot/run_lock.h"
#include "store/dir_store.h"
#include "store/faulty_store.h"

namespace lifeboat::test {
namespace {

using std::chrono::hours;
using testing::ElementsAre;
using testing::HasSubstr;

PrunePlan prune(EngineKit& kit, const PruneRequest& request = {}) {
  Environment world = kit.environment();
  return run_prune(request, world);
}

PruneRequest locking(const EngineKit& kit, const std::string& host = "") {
  PruneRequest request;
  request.host = host;
  request.lock_dir = kit.folder / "lock";
  return request;
}

PruneRequest dry(PruneRequest request) {
  request.dry_run = true;
  return request;
}

std::vector<std::string> names(Store& store) {
  std::vector<std::string> found;
  for (const SnapshotId& id : list_snapshots(store, "")) found.push_back(id.text());
  return found;
}

void make_old_and_new(EngineKit& kit) {
  kit.backup();
  kit.clock.advance(hours(24));
  kit.backup();
  kit.clock.advance(hours(24 * 40));
  kit.backup();
}

TEST(Prune, RemovesFromAFolder) {
  EngineKit kit;
  const auto folder = DirStore::make(kit.folder / "store", kit.random);
  kit.use(*folder);
  make_old_and_new(kit);
  const PrunePlan planned = prune(kit, dry({}));
  EXPECT_EQ(names(*folder).size(), 3u);
  const PrunePlan done = prune(kit, locking(kit));
  ASSERT_EQ(done.remove.size(), 1u);
  EXPECT_EQ(done.remove[0].keys, planned.remove[0].keys);
  EXPECT_THAT(names(*folder), ElementsAre("vps-h1/2026-05-07", "vps-h1/2026-06-17"))
      << "the month has no copy, so its first good one stays";
  EXPECT_FALSE(std::filesystem::exists(kit.folder / "store/vps-h1/2026-05-08"));
  for (const SnapshotId& id : list_snapshots(*folder, "")) kit.verify(id);
}

TEST(Prune, KeepsAMonthlyInPlaceOfItsDaily) {
  EngineKit kit;
  BackupRequest request = kit.request();
  request.monthly_months = 12;
  kit.backup(request);
  kit.clock.advance(hours(24 * 41));
  kit.backup(request);
  prune(kit);
  EXPECT_THAT(names(kit.memory),
              ElementsAre("vps-h1/2026-06-17", "vps-h1/monthly/2026-05", "vps-h1/monthly/2026-06"));
}

TEST(Prune, KeepsWhatADrillProvedAsTheEngineWritesIt) {
  EngineKit kit;
  kit.backup();
  kit.clock.advance(hours(24));
  const SnapshotId drilled = kit.backup().id;
  EXPECT_EQ(kit.drill(drilled, true).evidence_key, "vps-h1/drills/2026-05-08.json");
  kit.clock.advance(hours(24 * 500));
  kit.backup();
  const PrunePlan plan = prune(kit);
  ASSERT_EQ(plan.kept_beyond_rule.size(), 1u);
  EXPECT_EQ(plan.kept_beyond_rule[0].id, drilled);
  EXPECT_EQ(kit.drill(drilled).verdict, DrillVerdict::ok);
}

TEST(Prune, WaitsForNoRunAndLeavesOneAlone) {
  EngineKit kit;
  make_old_and_new(kit);
  const RunLock run(kit.folder / "lock", "vps-h1");
  for (const char* host : {"", "vps-h1"}) {
    const std::string text = error_text([&] { prune(kit, locking(kit, host)); });
    EXPECT_THAT(text, HasSubstr("another one is under way"));
  }
  EXPECT_EQ(names(kit.memory).size(), 3u);
  prune(kit, dry(locking(kit)));
}

class BucketLike final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  std::string name() const override { return "s3://bucket"; }
  StoreTraits traits() const override { return {.has_lifecycle = true}; }
};

TEST(Prune, LeavesABucketToItsLifecycle) {
  EngineKit kit;
  make_old_and_new(kit);
  BucketLike bucket(kit.memory);
  kit.use(bucket);
  const std::string text = error_text([&] { prune(kit); });
  EXPECT_THAT(text, HasSubstr("prune s3://bucket: the bucket's own lifecycle"));
  EXPECT_THAT(text, HasSubstr("hint: See and set its rules with 'lifeboat bucket lifecycle'."));
  EXPECT_EQ(names(kit.memory).size(), 3u);
}

// Every operation fails in turn: what is listed afterwards is whole, and the next call does the
// rest.
TEST(Prune, AFailureLeavesOnlyWholeSnapshots) {
  size_t faults = 0;
  for (uint64_t fail_at = 1; fail_at < 200; ++fail_at) {
    EngineKit kit;
    MemoryStore memory(kit.clock);
    kit.use(memory);
    make_old_and_new(kit);
    FaultyStore faulty(memory, {.operation = fail_at, .after_effect = fail_at % 2 == 0});
    kit.use(faulty);
    try {
      prune(kit);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::store) << error.what();
      ++faults;
    }
    kit.use(memory);
    for (const SnapshotId& id : list_snapshots(memory, "")) kit.verify(id);
    prune(kit);
    EXPECT_EQ(memory.list("").size(), 6u) << fail_at;
    if (!faulty.has_failed()) break;
  }
  EXPECT_GE(faults, 7u) << "list, manifests, three removals";
}

}  // namespace
}  // namespace lifeboat::test
