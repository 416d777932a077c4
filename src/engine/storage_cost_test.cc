// The formulas against 500 nights that are played by the lifecycle's own rules.

#include "engine/storage_cost.h"

#include <gtest/gtest.h>

#include <set>

#include "snapshot/retention.h"

namespace lifeboat {
namespace {

using std::chrono::days;
using std::chrono::hours;

constexpr uint64_t night_bytes = 1'000'000;

double days_between(Timestamp from, Timestamp to) {
  return std::chrono::duration<double, std::ratio<86400>>(to - from).count();
}

// Objects as runs make them, each ended by the rules, billed by the day.
class Nights {
 public:
  Nights(const Retention& retention, uint64_t minimum_days)
      : rules_(lifecycle_rules("vps-h1", retention, false)), minimum_days_(minimum_days) {
    std::set<Date> months;
    for (int night = 0; night < 500; ++night) {
      const Timestamp now = start + days(night);
      const SnapshotId id{"vps-h1", date_of(now), ""};
      add(id, now);
      if (months.insert(monthly_of(id).date).second) add(monthly_of(id), now);
    }
  }

  BilledStorage between(int from_day, int to_day) const {
    const Timestamp from = start + days(from_day);
    const Timestamp to = start + days(to_day);
    BilledStorage sum;
    for (const Object& object : objects_) {
      const auto shared = [&](Timestamp end) {
        const Timestamp first = std::max(object.created, from);
        const Timestamp last = std::min(end, to);
        return first < last ? days_between(first, last) * night_bytes : 0;
      };
      const double active = shared(object.ends);
      sum.active += active;
      const Timestamp least = object.created + days(minimum_days_);
      sum.deleted += shared(std::max(object.ends, least)) - active;
    }
    sum.active /= to_day - from_day;
    sum.deleted /= to_day - from_day;
    return sum;
  }
  // Right after a night's run.
  uint64_t there_on(int day, bool monthly) const {
    const Timestamp now = start + days(day);
    uint64_t count = 0;
    for (const Object& object : objects_) {
      count += object.monthly == monthly && object.created <= now && now < object.ends ? 1 : 0;
    }
    return count;
  }

  const Timestamp start = parse_time("2026-01-01T02:00:00Z");

 private:
  struct Object {
    Timestamp created;
    Timestamp ends;
    bool monthly;
  };
  void add(const SnapshotId& id, Timestamp now) {
    const auto end = expiry_of(id.archive_key(), night_bytes, now, rules_);
    ASSERT_TRUE(end);
    objects_.push_back({now, end->at, id.tier == Tier::monthly});
  }

  std::vector<LifecycleRule> rules_;
  uint64_t minimum_days_;
  std::vector<Object> objects_;
};

std::vector<BackupStream> streams_of(const Retention& retention) {
  const double rest_of_day = 22.0 / 24;
  return {{"nightly", night_bytes, 1, static_cast<double>(retention.daily_days) + rest_of_day},
          {"monthly copies", night_bytes, 365.0 / 12,
           static_cast<double>(retention.monthly_days()) + rest_of_day}};
}

TEST(StorageCost, IsWhatFiveHundredNightsBill) {
  for (const uint64_t daily : {uint64_t{7}, uint64_t{30}, uint64_t{90}, uint64_t{120}}) {
    for (const uint64_t minimum : {uint64_t{0}, uint64_t{30}, uint64_t{90}}) {
      const Retention retention{.daily_days = daily};
      const Nights nights(retention, minimum);
      const auto streams = streams_of(retention);
      const auto compare = [&](const BilledStorage& formula, const BilledStorage& played) {
        // Months have 28 to 31 days in the play, and a twelfth of a year in the formula.
        EXPECT_NEAR(formula.active, played.active, night_bytes + played.active / 100);
        EXPECT_NEAR(formula.deleted, played.deleted, night_bytes / 100 + played.deleted / 100);
      };
      SCOPED_TRACE(testing::Message() << daily << " days kept, " << minimum << " billed");
      for (const int month : {0, 1, 2, 5}) {
        SCOPED_TRACE(testing::Message() << "month " << month + 1);
        compare(billed_between(streams, minimum, month * 30, month * 30 + 30),
                nights.between(month * 30, month * 30 + 30));
      }
      compare(billed_steady(streams, minimum), nights.between(400, 490));
      EXPECT_EQ(streams[0].copies_max(), nights.there_on(450, false));
      EXPECT_NEAR(static_cast<double>(streams[1].copies_max()),
                  static_cast<double>(nights.there_on(450, true)), 1);
    }
  }
}

// The mission's own case: 30 nightlies of D bytes are billed as 90 of them.
TEST(StorageCost, ThirtyNightliesAreBilledAsNinety) {
  const std::vector<BackupStream> nightly{{"nightly", night_bytes, 1, 30}};
  const BilledStorage wasabi = billed_steady(nightly, 90);
  EXPECT_DOUBLE_EQ(wasabi.active, 30.0 * night_bytes);
  EXPECT_DOUBLE_EQ(wasabi.deleted, 60.0 * night_bytes);
  EXPECT_DOUBLE_EQ(billed_steady({{"nightly", night_bytes, 1, 90}}, 90).active,
                   wasabi.active + wasabi.deleted);
  EXPECT_DOUBLE_EQ(billed_steady(nightly, 0).deleted, 0);
}

TEST(StorageCost, ProvidersAreKnownByTheirEndpoints) {
  const auto name = [](std::string_view endpoint) {
    const StorageProvider* provider = find_provider(endpoint);
    return provider == nullptr ? std::string_view("none") : provider->name;
  };
  EXPECT_EQ(name("https://s3.eu-central-1.wasabisys.com"), "Wasabi");
  EXPECT_EQ(name("s3.wasabisys.com:443"), "Wasabi");
  EXPECT_EQ(name(""), "Amazon S3 Standard");
  EXPECT_EQ(name("https://s3.eu-west-1.amazonaws.com/"), "Amazon S3 Standard");
  EXPECT_EQ(name("https://s3.us-west-004.backblazeb2.com"), "Backblaze B2");
  EXPECT_EQ(name("https://0123.r2.cloudflarestorage.com"), "Cloudflare R2");
  EXPECT_EQ(name("https://fsn1.your-objectstorage.com"), "Hetzner Object Storage");
  EXPECT_EQ(name("https://notwasabisys.com"), "none");
  EXPECT_EQ(name("https://wasabisys.com.example.org"), "none");
  EXPECT_EQ(name("http://127.0.0.1:9000"), "none");
}

TEST(StorageCost, TheLeastThatIsBilledAndWhatIsFree) {
  const StorageProvider& wasabi = *find_provider("https://s3.wasabisys.com");
  const double tb = static_cast<double>(wasabi.tb_bytes);
  EXPECT_DOUBLE_EQ(*month_cost(wasabi, {0, 0}), 7.99);
  EXPECT_DOUBLE_EQ(*month_cost(wasabi, {tb / 2, tb}), 2 * 7.99);
  EXPECT_DOUBLE_EQ(*month_cost(wasabi, {2 * tb, tb}), 3 * 7.99);
  const StorageProvider& b2 = *find_provider("https://s3.us-west-004.backblazeb2.com");
  EXPECT_DOUBLE_EQ(*month_cost(b2, {5e9, 0}), 0);
  EXPECT_DOUBLE_EQ(*month_cost(b2, {1010e9, 0}), 6);
  EXPECT_FALSE(month_cost(*find_provider("https://fsn1.your-objectstorage.com"), {tb, 0}));
}

}  // namespace
}  // namespace lifeboat
