// The monthly copy as a backup makes it, and that everything which reads can read it.
#include "engine/monthly.h"

#include <gmock/gmock.h>

#include "engine/engine_test_kit.h"
#include "engine/store_test_double.h"
#include "snapshot/catalog.h"
#include "store/faulty_store.h"

namespace lifeboat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class Monthly : public testing::Test {
 protected:
  BackupRequest request(const std::string& job = "nightly") {
    BackupRequest made = kit_.request();
    made.job = job;
    made.monthly_months = 12;
    return made;
  }
  BackupResult night(const BackupRequest& made) {
    kit_.clock.advance(std::chrono::hours(24));
    return kit_.backup(made);
  }
  std::vector<std::string> monthlies() {
    std::vector<std::string> names;
    for (const SnapshotId& id : list_snapshots(kit_.memory, "")) {
      if (id.tier == Tier::monthly) names.push_back(id.text());
    }
    return names;
  }

  EngineKit kit_;
};

TEST_F(Monthly, TheFirstGoodSnapshotOfAMonthIsCopied) {
  const BackupResult first = night(request());
  ASSERT_TRUE(first.monthly);
  EXPECT_EQ(first.monthly.value().text(), "vps-h1/monthly/2026-05");
  for (int i = 0; i < 2; ++i) EXPECT_EQ(night(request()).monthly, std::nullopt);
  kit_.clock.set("2026-05-31T10:00:00Z");
  EXPECT_EQ(night(request()).monthly.value().text(), "vps-h1/monthly/2026-06");
  EXPECT_THAT(monthlies(), ElementsAre("vps-h1/monthly/2026-05", "vps-h1/monthly/2026-06"));
  const SnapshotId& copy = *first.monthly;
  EXPECT_EQ(kit_.object(copy.archive_key()), kit_.object(first.id.archive_key()));
  EXPECT_EQ(kit_.object(copy.index_key()), kit_.object(first.id.index_key()));
  EXPECT_EQ(kit_.object(copy.manifest_key()), kit_.object(first.id.manifest_key()));
}

TEST_F(Monthly, EverythingThatReadsReadsACopyWhoseDailyIsGone) {
  const BackupResult made = night(request());
  for (const std::string& key :
       {made.id.manifest_key(), made.id.index_key(), made.id.archive_key()}) {
    kit_.memory.remove(key);
  }
  const SnapshotId copy = resolve_snapshot(kit_.memory, "vps-h1/monthly/2026-05", "");
  EXPECT_TRUE(kit_.verify(copy).decrypted);
  EXPECT_EQ(kit_.cat(copy, "files/notes/a.txt"), "first\n");
  EXPECT_EQ(kit_.restore(copy, "back").warnings.size(), 0u);
  EXPECT_EQ(slurp(kit_.folder / "back/files/notes/a.txt"), "first\n");
  EXPECT_EQ(kit_.drill(copy, true).verdict, DrillVerdict::ok);
  Environment world = kit_.environment();
  for (const auto& outcome : run_sabotage(kit_.drill_request(copy), world)) {
    EXPECT_TRUE(outcome.caught) << outcome.name;
  }
}

TEST_F(Monthly, APartialSnapshotIsNotCopiedButTheNextGoodOne) {
  BackupRequest partial = request();
  partial.services.push_back(kit_.command("broken", "exit 1"));
  EXPECT_EQ(night(partial).monthly, std::nullopt);
  EXPECT_THAT(monthlies(), IsEmpty());
  EXPECT_TRUE(night(request()).monthly);
}

TEST_F(Monthly, EachJobHasItsOwn) {
  EXPECT_EQ(night(request("a")).monthly.value().text(), "vps-h1/monthly/2026-05");
  EXPECT_EQ(night(request("b")).monthly.value().text(), "vps-h1/monthly/2026-05-020000");
  EXPECT_EQ(night(request("a")).monthly, std::nullopt);
  EXPECT_EQ(night(request("b")).monthly, std::nullopt);
}

TEST_F(Monthly, NoneIsMadeUnlessWanted) {
  EXPECT_EQ(night(kit_.request()).monthly, std::nullopt);
  EXPECT_THAT(monthlies(), IsEmpty());
}

TEST_F(Monthly, ADamagedCopyIsReplacedOnceByANewName) {
  const SnapshotId damaged = night(request()).monthly.value();
  kit_.replace(damaged.manifest_key(), as_bytes("{}"));
  EXPECT_EQ(night(request()).monthly.value().text(), "vps-h1/monthly/2026-05-020000");
  EXPECT_EQ(night(request()).monthly, std::nullopt);
}

TEST_F(Monthly, WhoDoesNotTrustHimselfStillCopiesOnceAMonth) {
  const BackupResult made = night(request());
  const Trust others{{Ed25519PrivateKey::generate(kit_.random).public_key()}};
  EXPECT_EQ(keep_monthly(kit_.memory, {made.id, made.manifest, others}), std::nullopt);
}

// Fails every operation of the copy in turn: the backup stands, the failure is told, nothing is
// overwritten, and the next night has a copy that verifies.
TEST_F(Monthly, AFailedCopyIsAWarningAndTriedAgain) {
  const uint64_t without = [] {
    EngineKit kit;
    FaultyStore counting(kit.memory, {});
    kit.use(counting);
    kit.backup();
    return counting.operations();
  }();
  size_t faults = 0;
  for (uint64_t fail_at = without + 1; faults < 100; ++fail_at) {
    EngineKit kit;
    BackupRequest made = kit.request();
    made.monthly_months = 12;
    FaultyStore faulty(kit.memory, {.operation = fail_at, .after_effect = fail_at % 2 == 0});
    kit.use(faulty);
    const BackupResult result = kit.backup(made);
    if (!faulty.has_failed()) break;
    ++faults;
    ASSERT_EQ(result.warnings.size(), 1u) << fail_at;
    EXPECT_THAT(result.warnings[0],
                HasSubstr("keep vps-h1/2026-05-07 as vps-h1/monthly/2026-05: "));
    EXPECT_EQ(result.monthly, std::nullopt);
    kit.use(kit.memory);
    kit.clock.advance(std::chrono::hours(24));
    kit.backup(made);
    std::vector<SnapshotId> copies = list_snapshots(kit.memory, "");
    std::erase_if(copies, [](const SnapshotId& id) { return id.tier == Tier::daily; });
    EXPECT_EQ(copies.size(), 1u) << fail_at;
    for (const SnapshotId& id : copies) EXPECT_TRUE(kit.verify(id).decrypted) << fail_at;
  }
  EXPECT_GE(faults, 10u) << "list, three copies, six stats";
}

// The snapshot is there by then: whoever waits for its name must get it.
TEST_F(Monthly, AStopDuringTheCopyIsAWarningAsWell) {
  class Stopped final : public ForwardingStore {
   public:
    using ForwardingStore::ForwardingStore;
    void copy(const std::string&, const std::string&) override { throw Interrupted(); }
  };
  Stopped stopped(kit_.memory);
  kit_.use(stopped);
  const BackupResult result = night(request());
  EXPECT_EQ(result.monthly, std::nullopt);
  EXPECT_THAT(result.warnings,
              ElementsAre(HasSubstr("interrupted; the next good run tries again")));
  kit_.use(kit_.memory);
  EXPECT_NE(night(request()).monthly, std::nullopt);
}

TEST_F(Monthly, TheBackupTellsTheStoreHowLargeItMayGet) {
  class Estimates final : public ForwardingStore {
   public:
    using ForwardingStore::ForwardingStore;
    std::unique_ptr<Sink> create(const std::string& key, uint64_t size_estimate) override {
      if (parse_archive_key(key)) seen.push_back(size_estimate);
      return ForwardingStore::create(key, size_estimate);
    }
    std::vector<uint64_t> seen;
  };
  Estimates estimates(kit_.memory);
  kit_.use(estimates);
  const BackupResult first = night(kit_.request());
  const uint64_t twice = 2 * first.manifest.archive.bytes;
  night(kit_.request());
  ASSERT_EQ(estimates.seen.size(), 2u);
  EXPECT_GE(estimates.seen[0], 70000u) << "what the services know of themselves";
  EXPECT_EQ(estimates.seen[1], std::max(twice, estimates.seen[0]));
  // A larger archive of an earlier night counts more than what is there now.
  kit_.clock.advance(std::chrono::hours(24));
  write_file(kit_.folder / "files/notes/large.bin", kit_.random.bytes(500000));
  const uint64_t large = night(kit_.request()).manifest.archive.bytes;
  std::filesystem::remove(kit_.folder / "files/notes/large.bin");
  night(kit_.request());
  EXPECT_EQ(estimates.seen.back(), 2 * large);
}

}  // namespace
}  // namespace lifeboat::test
