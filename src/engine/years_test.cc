// Years of nights through the real backup and the real prune: missed, failed, partial and killed
// ones, second runs, weeks in which no month's copy can be made, and a clock that is sometimes
// wrong. Names, months, content and what is left must be what a model says, which is written from
// the contract and knows no store. prune_model_test.cc plays more nights, without a backup.

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "base/error.h"
#include "engine/engine_test_kit.h"
#include "engine/prune.h"
#include "engine/store_test_double.h"
#include "io/files.h"
#include "reliability/counts.h"
#include "snapshot/catalog.h"

namespace lifeboat::test {
namespace {

using std::chrono::days;
using std::chrono::floor;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

struct Night {
  std::string content;
  Timestamp started{};
  enum { whole, partial, killed } kind = whole;
  size_t objects = 3;  // in the store
};

// By name, without the host: "2026-05-07-020000", "monthly/2026-05".
using Nights = std::map<std::string, Night>;

// A store whose copies can fail, at the next one or the two behind it.
class CopyingStore final : public ForwardingStore {
 public:
  using ForwardingStore::ForwardingStore;
  void copy(const std::string& source, const std::string& target) override {
    if (good_copies == 0) throw Error(ErrorKind::store, "no right to copy");
    --good_copies;
    ForwardingStore::copy(source, target);
  }
  size_t good_copies = 0;
};

bool is_monthly(const std::string& name) { return name.starts_with("monthly/"); }
std::string month_of(const std::string& name) {
  return is_monthly(name) ? name.substr(0, 15) : "monthly/" + name.substr(0, 7);
}

// "NAME", or with the time of day once that is taken, moved on by a second until it is free.
std::string free_name(const Nights& nights, const std::string& name, Timestamp at) {
  std::string free = name;
  for (; nights.contains(free); at += seconds(1)) {
    free = name + "-" + print_compact_time_of_day(at);
  }
  return free;
}

bool is_old(const Night& night, Timestamp now, int lifetime_days) {
  return floor<days>(now) - floor<days>(night.started) > days(lifetime_days);
}

bool is_newest(const Nights& nights, const std::string& name, Timestamp now) {
  const Night& one = nights.at(name);
  if (one.kind != Night::whole || one.started > now) return false;
  for (const auto& [other_name, other] : nights) {
    if (other.kind != Night::whole || other.started > now) continue;
    if (other.started > one.started) return false;
    if (other.started == one.started && other_name < name) return false;
  }
  return true;
}

// Where the only copies of a month were made under a clock that was wrong, or are gone.
bool stands_for_month(const Nights& nights, const std::string& name, Timestamp now) {
  const Night& one = nights.at(name);
  if (one.kind != Night::whole || is_old(one, now, 365)) return false;
  for (const auto& [other_name, other] : nights) {
    if (other.kind != Night::whole || month_of(other_name) != month_of(name)) continue;
    if (is_monthly(other_name) || other.started < one.started) return false;
  }
  return true;
}

bool keeps(const Nights& nights, const std::string& name, Timestamp now) {
  const Night& one = nights.at(name);
  if (one.kind == Night::killed) return !is_old(one, now, 3);
  if (is_newest(nights, name, now)) return true;
  if (is_monthly(name)) return !is_old(one, now, 365);
  return !is_old(one, now, 30) || stands_for_month(nights, name, now);
}

class Years {
 public:
  Years(uint64_t seed, std::string_view start) : chance_(seed), right_(parse_time(start)) {
    kit_.use(copying_);
    remove_tree(kit_.folder / "files/notes", ErrorKind::service);
  }

  void run(int nights) {
    for (int night = 0; night < nights; ++night) {
      right_ = floor<days>(right_) + hours(24) + hours(2);
      set_clock();
      if (one_of(50)) missed_ = 2 + chance_.below(45);
      if (one_of(80)) uncopied_ = 2 + chance_.below(60);
      if (missed_ > 0) {
        --missed_;
      } else {
        do {
          back_up();
          kit_.clock.advance(seconds(chance_.below(3) * 1800));
        } while (one_of(12));
      }
      if (one_of(10)) prune();
      if (one_of(100)) read_one();
      if (::testing::Test::HasFatalFailure()) FAIL() << "night " << night;
    }
    for (const auto& [name, night] : nights_) read(name);
    EXPECT_GT(pruned_, static_cast<size_t>(nights) / 2);
  }

 private:
  bool one_of(uint64_t count) { return chance_.below(count) == 0; }

  // Sometimes it is wrong: by what summer time is, what a person mistypes, or a dead battery.
  void set_clock() {
    Timestamp now = right_ + minutes(chance_.below(50));
    if (one_of(40)) {
      const int wrong[]{-1, 1, -24, 24, -48, 30 * 24, -40 * 24, -365 * 24, 365 * 24};
      now += hours(wrong[chance_.below(std::size(wrong))]);
    }
    kit_.clock.set(print_time(now));
  }

  void back_up() {
    const Timestamp now = kit_.clock.now();
    const std::string name = free_name(nights_, print_date(date_of(now)), now);
    Night night{format("run {}\n", ++backups_), now};
    write_file(kit_.folder / "files/night.txt", night.content);
    BackupService gone = kit_.files();
    gone.service.name = "gone";
    gone.service.settings.set("path", (kit_.folder / "gone").native());
    if (one_of(40)) {
      night.kind = Night::killed;
      night.objects = 1;
      const auto sink = store_.create("vps-h1/" + archive_of(name));
      sink->write(as_bytes(night.content));
      sink->finish();
      nights_.emplace(name, night);
      return;
    }
    if (one_of(25)) {
      EXPECT_THROW(kit_.backup(kit_.request({gone})), Error);
      return;
    }
    BackupRequest request = kit_.request({kit_.files()});
    if (one_of(25)) {
      night.kind = Night::partial;
      request.services.push_back(gone);
    }
    request.monthly_months = 12;
    request.workers = 1;
    copying_.good_copies = 3;
    if (uncopied_ > 0) {
      --uncopied_;
      copying_.good_copies = chance_.below(3);
    }
    const size_t copies = copying_.good_copies;
    const BackupResult result = kit_.backup(request);
    ASSERT_EQ(result.id.text(), "vps-h1/" + name);
    nights_.emplace(name, night);
    const std::string month = expected_month(name, night);
    const bool is_copied = !month.empty() && copies == 3;
    ASSERT_EQ(result.monthly ? result.monthly->text() : "", is_copied ? "vps-h1/" + month : "");
    ASSERT_EQ(result.warnings.size(), month.empty() || is_copied ? 0U : 1U);
    if (month.empty() || copies == 0) return;
    if (!is_copied) night.kind = Night::killed;
    night.objects = copies;
    nights_.emplace(month, night);
  }

  static std::string archive_of(const std::string& name) {
    return name.substr(0, 10) + "/backup" + name.substr(10) + ".tar.zst.age";
  }

  // The month's first good one is kept; a copy with a date to come is of no use to it.
  std::string expected_month(const std::string& name, const Night& night) const {
    if (night.kind != Night::whole) return "";
    for (const auto& [other_name, other] : nights_) {
      const bool is_copy = is_monthly(other_name) && other.kind == Night::whole &&
                           month_of(other_name) == month_of(name);
      if (is_copy && other.started <= night.started + hours(24)) return "";
    }
    return free_name(nights_, month_of(name), night.started);
  }

  void prune() {
    const Timestamp now = kit_.clock.now();
    Nights left;
    for (const auto& [name, night] : nights_) {
      if (keeps(nights_, name, now)) left.emplace(name, night);
    }
    Environment world = kit_.environment();
    pruned_ += run_prune({"vps-h1", {}, false, kit_.folder / "lock"}, world).remove.size();
    nights_ = std::move(left);
    std::set<std::string> expected;
    size_t objects = 0;
    for (const auto& [name, night] : nights_) {
      if (night.kind != Night::killed) expected.insert("vps-h1/" + name);
      objects += night.objects;
    }
    std::set<std::string> found;
    for (const SnapshotId& id : list_snapshots(store_, "")) found.insert(id.text());
    ASSERT_EQ(found, expected) << "pruned at " << print_time(now);
    ASSERT_EQ(store_.list("").size(), objects) << "pruned at " << print_time(now);
  }

  void read_one() {
    if (nights_.empty()) return;
    auto at = nights_.begin();
    std::advance(at, chance_.below(nights_.size()));
    read(at->first);
  }
  void read(const std::string& name) {
    const Night& night = nights_.at(name);
    if (night.kind == Night::killed) return;
    const auto id = parse_snapshot_text("vps-h1/" + name);
    ASSERT_TRUE(id) << name;
    ASSERT_EQ(kit_.cat(*id, "files/night.txt"), night.content) << name;
  }

  SeededRandom chance_;
  Timestamp right_;
  EngineKit kit_;
  MemoryStore store_{kit_.clock};
  Nights nights_;
  CopyingStore copying_{store_};
  uint64_t missed_ = 0;
  uint64_t uncopied_ = 0;  // for so many runs more
  uint64_t backups_ = 0;
  size_t pruned_ = 0;
};

// Leap days, years with 53 weeks, 2^31 seconds after 1970, and 2100, which has no leap day.
TEST(Years, EveryNightThroughTheEngine) {
  struct Span {
    std::string_view start;
    int nights;
  };
  std::vector<Span> spans{{"2026-11-28T02:00:00Z", 1100}, {"2099-11-01T02:00:00Z", 400}};
  if (long_form()) spans = {{"2026-11-28T02:00:00Z", 12 * 365}, {"2096-01-01T02:00:00Z", 6 * 365}};
  uint64_t seed = 1;
  uint64_t nights = 0;
  for (int round = 0; round < (long_form() ? 5 : 1); ++round) {
    for (const Span& span : spans) {
      SCOPED_TRACE(format("seed {}, {} nights from {}", seed, span.nights, span.start));
      Years(seed++, span.start).run(span.nights);
      if (HasFatalFailure()) return;
      nights += static_cast<uint64_t>(span.nights);
    }
  }
  counted("time", "nights backed up for real and pruned against a model", format("{}", nights));
}

}  // namespace
}  // namespace lifeboat::test
