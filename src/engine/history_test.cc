#include "engine/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <condition_variable>
#include <mutex>

#include "base/error.h"
#include "engine/store_test_double.h"
#include "snapshot/drill_evidence.h"
#include "snapshot/prune_test_kit.h"
#include "store/faulty_store.h"

namespace lifeboat::test {
namespace {

using std::chrono::hours;
using testing::HasSubstr;

// PruneKit's snapshots, at two in the morning.
Timestamp night(std::string_view date) { return parse_time(format("{}T02:00:00Z", date)); }

History history_of(Store& store, std::string_view since, const HistoryScope& scope = {}) {
  HistoryScope made = scope;
  made.since = night(since);
  return load_history(store, made, {});
}

TEST(History, NightsAreOldestFirstEachWithItsEnd) {
  PruneKit kit;
  kit.backup({}, night("2024-03-02"));
  kit.backup({}, night("2024-03-01"));
  kit.backup({.is_partial = true}, night("2024-03-03"));
  const History history = history_of(kit.store, "2024-02-01");
  ASSERT_EQ(history.hosts.size(), 1U);
  const JobHistory* job = history.find("h1", "nightly");
  ASSERT_NE(job, nullptr);
  ASSERT_EQ(job->snapshots.size(), 3U);
  EXPECT_EQ(job->snapshots[0].name, "h1/2024-03-01");
  EXPECT_TRUE(job->snapshots[0].is_whole());
  EXPECT_EQ(job->snapshots[0].archive_bytes, 7U);
  EXPECT_EQ(print_time(job->snapshots[0].expires), "2024-04-01T00:00:00Z");
  EXPECT_FALSE(job->snapshots[2].is_whole());
  EXPECT_EQ(job->snapshots[2].error, "");
  EXPECT_EQ(history.find("h1", "weekly"), nullptr);
  EXPECT_EQ(history.find("h2", "nightly"), nullptr);
}

TEST(History, JobsMonthliesAndWeekliesAreToldApart) {
  PruneKit kit;
  const SnapshotId daily = kit.backup({}, night("2024-03-01"));
  kit.copy_monthly(daily, night("2024-03-01"));
  kit.backup({"supabase"}, night("2024-03-03"), weekly_of("h1", night("2024-03-03")));
  kit.backup({"hourly"}, night("2024-03-02"));
  kit.backup({}, night("2024-03-01"), "h2");
  const History history = history_of(kit.store, "2024-02-01");
  ASSERT_EQ(history.hosts.size(), 2U);
  ASSERT_EQ(history.hosts[0].jobs.size(), 3U);
  EXPECT_EQ(history.hosts[0].jobs[0].name, "hourly");
  const JobHistory* nightly = history.find("h1", "nightly");
  EXPECT_EQ(nightly->snapshots.size(), 1U);
  ASSERT_EQ(nightly->monthlies.size(), 1U);
  EXPECT_EQ(print_time(nightly->monthlies[0].expires), "2025-03-02T00:00:00Z");
  EXPECT_EQ(history.find("h1", "supabase")->pace, Pace::weekly);
  EXPECT_EQ(nightly->pace, Pace::daily);
  EXPECT_EQ(history_of(kit.store, "2024-02-01", {"h2", {}, {}, {}}).hosts.size(), 1U);
}

TEST(History, WhatCannotBeReadIsAnEntry) {
  PruneKit kit;
  kit.backup({.is_damaged = true}, night("2024-03-01"));
  const SnapshotId short_one = kit.backup({}, night("2024-03-02"));
  kit.store.remove(short_one.archive_key());
  kit.put(short_one.archive_key(), "archiv");
  const SnapshotId lone = kit.backup({}, night("2024-03-03"));
  kit.store.remove(lone.index_key());
  const SnapshotId killed = kit.backup({}, night("2024-03-04"));
  kit.store.remove(killed.manifest_key());
  kit.clock.set("2024-03-05T00:00:00Z");
  kit.put("h1/drills/2024-03-04.json", "{ not evidence");
  const History history = history_of(kit.store, "2023-11-01");
  const HostHistory& host = history.hosts.at(0);
  ASSERT_EQ(host.damaged.size(), 1U);
  EXPECT_EQ(host.damaged[0].name, "h1/2024-03-01");
  EXPECT_THAT(host.damaged[0].error, HasSubstr("h1/2024-03-01/manifest.json"));
  const JobHistory& job = host.jobs.at(0);
  EXPECT_THAT(job.snapshots.at(0).error, HasSubstr("has 6 bytes, not 7"));
  EXPECT_THAT(job.snapshots.at(1).error, HasSubstr("backup.index.age' is missing"));
  EXPECT_FALSE(job.snapshots[0].is_whole());
  ASSERT_EQ(host.unfinished.size(), 1U);
  EXPECT_EQ(host.unfinished[0].name, "h1/2024-03-04");
  EXPECT_EQ(host.unfinished[0].bytes, 12U);
  ASSERT_EQ(host.stray_drills.size(), 1U);
  EXPECT_THAT(host.stray_drills[0].error, HasSubstr("h1/drills/2024-03-04.json"));
  EXPECT_EQ(host.stray_drills[0].verdict, FindingLevel::error);
}

TEST(History, WhatIsNotBelievedIsDamaged) {
  PruneKit kit;
  kit.backup({}, night("2024-03-01"));
  HistoryScope scope;
  SeededRandom random;
  scope.trust.keys.push_back(Ed25519PrivateKey::generate(random).public_key());
  const History history = history_of(kit.store, "2024-02-01", scope);
  EXPECT_THAT(history.hosts.at(0).damaged.at(0).error, HasSubstr("not signed"));
}

TEST(History, OldNightsAreNotOpenedExceptTheNewest) {
  PruneKit kit;
  for (const char* date : {"2024-01-01", "2024-01-02", "2024-01-03"}) {
    kit.backup({.is_damaged = true}, night(date));
    kit.backup({}, night(date), "h2");
  }
  const History history = history_of(kit.store, "2024-03-01");
  EXPECT_EQ(history.hosts.at(0).damaged.size(), 1U);
  ASSERT_EQ(history.find("h2", "nightly")->snapshots.size(), 1U);
  EXPECT_EQ(history.find("h2", "nightly")->snapshots[0].name, "h2/2024-01-03");
  EXPECT_EQ(history_of(kit.store, "2024-01-02").find("h2", "nightly")->snapshots.size(), 2U);
}

TEST(History, DrillsAreReadBackToTheLastGoodOne) {
  PruneKit kit;
  const SnapshotId id = kit.backup({}, night("2024-03-01"));
  kit.drill(id, night("2023-09-01"), true);
  kit.drill(id, night("2023-10-01"), true);
  kit.drill(id, night("2023-11-01"), false);
  kit.drill(id, night("2024-03-01"), false);
  const auto later = night("2024-03-01") + hours(2);
  kit.drill(id, later, false);
  const JobHistory job = *history_of(kit.store, "2024-02-01").find("h1", "nightly");
  ASSERT_EQ(job.drills.size(), 4U);
  EXPECT_EQ(print_date(date_of(job.drills[0].drilled)), "2023-10-01");
  EXPECT_EQ(job.drills[0].verdict, FindingLevel::ok);
  EXPECT_EQ(job.drills[3].drilled, later) << "the second of a day is behind the first";
  EXPECT_EQ(job.drills[3].verdict, FindingLevel::error);
  EXPECT_EQ(job.drills[3].result, "RESTORE FAILED — x");
}

// Answers no reader of evidence before two wait at once, or one has waited in vain.
class PairedEvidence final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  std::unique_ptr<Source> open(const std::string& key, ByteRange range) override {
    if (parse_drill_key(key)) {
      std::unique_lock lock(mutex_);
      ++read_;
      most_ = std::max(most_, ++waiting_);
      met_.notify_all();
      const auto met = [&] { return most_ >= 2 || in_vain_; };
      if (!met_.wait_for(lock, std::chrono::seconds(10), met)) in_vain_ = true;
      --waiting_;
    }
    return ForwardingStore::open(key, range);
  }
  size_t read() const { return read_; }
  size_t most() const { return most_; }

 private:
  std::mutex mutex_;
  std::condition_variable met_;
  size_t read_ = 0;
  size_t waiting_ = 0;
  size_t most_ = 0;
  bool in_vain_ = false;
};

// A year of weekly drills one after the other would be a minute of `status` on a far bucket.
TEST(History, DrillsAreReadSomeAtOnceWhenAJobNeverHadOne) {
  PruneKit kit;
  const SnapshotId id = kit.backup({}, night("2024-03-01"));
  kit.backup({.job = "other"}, night("2024-03-01") + hours(1));
  for (int week = 0; week < 20; ++week) {
    kit.drill(id, night("2023-03-01") + hours(24 * 7 * week), true);
  }
  PairedEvidence store(kit.store);
  const History history = history_of(store, "2024-02-01");
  EXPECT_EQ(history.find("h1", "nightly")->drills.size(), 20U);
  EXPECT_EQ(store.read(), 20U);
  EXPECT_GE(store.most(), 2U);
}

// Every call that fails once, wherever: the caller must not take a hole for the truth.
TEST(History, AStoreThatFailsIsThrown) {
  PruneKit kit;
  kit.drill(kit.backup({}, night("2024-03-01")), night("2024-03-02"), true);
  uint64_t operation = 0;
  for (bool has_failed = true; has_failed;) {
    ++operation;
    FaultyStore faulty(kit.store, {.operation = operation});
    bool is_told = false;
    try {
      history_of(faulty, "2024-02-01");
    } catch (const Error& error) {
      is_told = true;
      EXPECT_EQ(error.kind(), ErrorKind::store) << error.what();
    }
    has_failed = faulty.has_failed();
    EXPECT_EQ(is_told, has_failed) << operation;
  }
  EXPECT_GT(operation, 5U);
}

}  // namespace
}  // namespace lifeboat::test
