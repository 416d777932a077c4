// Years of nights, with gaps, failures and clocks that jump, pruned every few nights: what is left
// must be what a model says, which knows the runs themselves and no store.

#include <gtest/gtest.h>

#include <set>

#include "reliability/counts.h"
#include "snapshot/prune_test_kit.h"

namespace lifeboat::test {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;

struct ModelRun {
  SnapshotId id;
  PruneKit::Run run;
  Timestamp started{};
  bool is_good() const { return !run.is_partial && !run.is_damaged; }
};

struct ModelDrill {
  std::string key;
  SnapshotId id;
  Timestamp at{};
  bool passed = false;
};

struct Model {
  std::vector<ModelRun> runs;  // daily and monthly, those that are in the store
  std::vector<ModelDrill> drills;

  const ModelRun* find(const SnapshotId& id) const {
    for (const ModelRun& one : runs) {
      if (one.id == id) return &one;
    }
    return nullptr;
  }
  // In whole days, as people count.
  static bool is_old(Timestamp made, Timestamp now, int lifetime_days) {
    return floor<days>(now) - floor<days>(made) > days(lifetime_days);
  }
  static bool is_old(const ModelRun& one, Timestamp now) {
    const bool is_daily = one.id.tier == Tier::daily;
    Timestamp made = one.started;
    if (one.run.is_damaged) {  // the last moment that its name allows
      made =
          is_daily
              ? std::chrono::sys_days(one.id.date)
              : std::chrono::sys_days(one.id.date.year() / one.id.date.month() / std::chrono::last);
    }
    return is_old(made, now, is_daily ? 30 : 365);
  }
  bool is_newest(const ModelRun& one, Timestamp now) const {
    if (!one.is_good() || one.started > now) return false;
    for (const ModelRun& other : runs) {
      if (!other.is_good() || other.run.job != one.run.job || other.started > now) continue;
      if (other.started > one.started) return false;
      if (other.started == one.started && other.id < one.id) return false;
    }
    return true;
  }
  const ModelDrill* last_proof(const std::string& job, Timestamp now) const {
    const ModelDrill* last = nullptr;
    for (const ModelDrill& drill : drills) {
      const ModelRun* proved = find(drill.id);
      if (!drill.passed || drill.at > now || proved == nullptr) continue;
      if (!proved->is_good() || proved->run.job != job) continue;
      if (last == nullptr || drill.at > last->at) last = &drill;
    }
    return last;
  }
  bool stands_for_month(const ModelRun& one, Timestamp now) const {
    if (!one.is_good() || one.id.tier != Tier::daily || is_old(one.started, now, 365)) return false;
    for (const ModelRun& other : runs) {
      if (!other.is_good() || other.run.job != one.run.job) continue;
      if (is_copy(other.id, one.id)) return false;
      const bool same_month = monthly_of(other.id) == monthly_of(one.id);
      if (same_month && other.started < one.started) return false;
    }
    return true;
  }
  bool keeps(const ModelRun& one, Timestamp now) const {
    if (!is_old(one, now) || is_newest(one, now) || stands_for_month(one, now)) return true;
    const ModelDrill* proof = last_proof(one.run.job, now);
    return proof != nullptr && proof->id == one.id;
  }
  bool keeps(const ModelDrill& drill, Timestamp now) const {
    if (!is_old(drill.at, now, 400)) return true;
    for (const char* job : {"nightly", "hourly"}) {
      const ModelDrill* proof = last_proof(job, now);
      if (proof != nullptr && proof->key == drill.key) return true;
    }
    return false;
  }
};

class Years {
 public:
  Years(uint64_t seed, std::string_view start) : random_(seed) { kit_.clock.set(start); }

  void run(int nights) {
    for (int night = 0; night < nights; ++night) {
      kit_.clock.advance(hours(24));
      if (chance(60)) gap_ = 3 + random_.below(50);
      if (gap_ > 0) {
        --gap_;
      } else {
        back_up("nightly");
        if (chance(12)) back_up("hourly");
      }
      if (chance(7) && !model_.runs.empty()) drill();
      if (chance(9)) prune();
      if (::testing::Test::HasFatalFailure()) FAIL() << "night " << night;
    }
    EXPECT_GT(pruned_, 600U);
    EXPECT_GT(kept_beyond_, 20U);
  }

 private:
  bool chance(uint64_t one_of) { return random_.below(one_of) == 0; }
  // Sometimes the clock is days off.
  Timestamp now() {
    const Timestamp right = kit_.clock.now();
    if (!chance(40)) return right;
    return right + days(random_.below(80)) - days(40) + hours(1);
  }

  void back_up(const std::string& job) {
    const Timestamp started = now() + std::chrono::minutes(random_.below(600));
    const PruneKit::Run run{job, chance(6), chance(25)};
    const SnapshotId id = kit_.backup(run, started);
    model_.runs.push_back({id, run, started});
    if (!model_.runs.back().is_good() || chance(2)) return;  // often the copy fails
    for (const ModelRun& other : model_.runs) {
      if (is_copy(other.id, id) && other.run.job == job) return;
    }
    model_.runs.push_back({kit_.copy_monthly(id, started), run, started});
  }
  void drill() {
    const ModelRun one = model_.runs[random_.below(model_.runs.size())];
    if (one.run.is_damaged) return;
    const Timestamp at = kit_.clock.now() + std::chrono::seconds(drills_++ % 86000);
    const bool passed = !chance(4);
    model_.drills.push_back({kit_.drill(one.id, at, passed), one.id, at, passed});
  }
  void prune() {
    const Timestamp at = now();
    Model left;
    for (const ModelRun& one : model_.runs) {
      if (model_.keeps(one, at)) left.runs.push_back(one);
    }
    for (const ModelDrill& one : model_.drills) {
      if (model_.keeps(one, at)) left.drills.push_back(one);
    }
    const PrunePlan plan = kit_.plan(at);
    kit_.remove(plan);
    pruned_ += plan.remove.size();
    kept_beyond_ += plan.kept_beyond_rule.size();
    std::set<std::string> expected;
    for (const ModelRun& one : left.runs) expected.insert(one.id.text());
    std::set<std::string> found;
    for (const SnapshotId& id : list_snapshots(kit_.store, "")) found.insert(id.text());
    const bool any_believed = std::any_of(model_.runs.begin(), model_.runs.end(),
                                          [](const auto& one) { return !one.run.is_damaged; });
    if (!any_believed) return;
    ASSERT_EQ(found, expected) << print_time(at);
    ASSERT_EQ(kit_.store.list("h1/drills/").size(), left.drills.size()) << print_time(at);
    ASSERT_EQ(kit_.store.list("").size(), 3 * expected.size() + left.drills.size());
    model_ = std::move(left);
    ASSERT_TRUE(kit_.plan(at).remove.empty()) << "the second call has nothing to do";
  }

  SeededRandom random_;
  PruneKit kit_;
  Model model_;
  uint64_t gap_ = 0;
  uint64_t drills_ = 0;
  size_t pruned_ = 0;
  size_t kept_beyond_ = 0;
};

// Leap days, the years with 53 weeks, 2038-01-19 (2^31 seconds), 2100 (no leap year).
TEST(PruneModel, YearsOfNights) {
  struct Span {
    std::string_view start;
    int nights;
  };
  std::vector<Span> spans{{"2023-11-20T02:00:00Z", 3 * 365},
                          {"2026-11-28T02:00:00Z", 12 * 365},
                          {"2099-01-01T02:00:00Z", 3 * 365}};
  uint64_t seed = 1;
  uint64_t nights = 0;
  for (int round = 0; round < (long_form() ? 20 : 1); ++round) {
    for (const Span& span : spans) {
      SCOPED_TRACE(format("seed {}, {} nights from {}", seed, span.nights, span.start));
      Years(seed++, span.start).run(span.nights);
      if (HasFatalFailure()) return;
      nights += static_cast<uint64_t>(span.nights);
    }
  }
  counted("time", "nights pruned against a model", format("{}", nights));
}

}  // namespace
}  // namespace lifeboat::test
