#include "snapshot/retention.h"

#include <gmock/gmock.h>

#include <algorithm>

#include "base/format.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using testing::ElementsAre;
using testing::IsEmpty;

LifecycleRule make_rule(std::string id, std::string prefix, uint64_t expire_days) {
  LifecycleRule rule;
  rule.id = std::move(id);
  rule.prefix = std::move(prefix);
  rule.expire_days = expire_days;
  return rule;
}

std::vector<std::string> descriptions(const std::vector<LifecycleRule>& rules) {
  std::vector<std::string> texts;
  for (const LifecycleRule& rule : rules) texts.push_back(rule.id + ": " + describe_rule(rule));
  return texts;
}

std::string end_text(std::string_view created, uint64_t count) {
  return print_time(end_of_life(parse_time(created), count));
}

TEST(Retention, RulesAreDisjointPrefixes) {
  EXPECT_THAT(descriptions(lifecycle_rules("vps-h1", {}, false)),
              ElementsAre("lifeboat-vps-h1-daily: 'vps-h1/2', 30 days",
                          "lifeboat-vps-h1-monthly: 'vps-h1/monthly/', 365 days",
                          "lifeboat-vps-h1-weekly: 'vps-h1/supabase-weekly/', 365 days",
                          "lifeboat-vps-h1-drills: 'vps-h1/drills/', 400 days",
                          "lifeboat-vps-h1-leftovers: 'vps-h1/', unfinished uploads 3 days"));
}

TEST(Retention, RulesOfAVersionedBucketEndOldVersionsToo) {
  const auto rules = lifecycle_rules("a", {.daily_days = 7, .monthly_months = 0}, true);
  EXPECT_THAT(descriptions(rules),
              ElementsAre("lifeboat-a-daily: 'a/2', 7 days, old versions 30 days",
                          "lifeboat-a-weekly: 'a/supabase-weekly/', 365 days, old versions 30 days",
                          "lifeboat-a-drills: 'a/drills/', 400 days, old versions 30 days",
                          "lifeboat-a-leftovers: 'a/', unfinished uploads 3 days, "
                          "delete markers of nothing"))
      << "without monthlies there is no rule for them";
}

TEST(Retention, MergingKeepsWhatIsNotOurs) {
  const std::vector<LifecycleRule> ours = lifecycle_rules("vps", {}, false);
  const std::vector<LifecycleRule> existing{
      make_rule("logs", "logs/", 7), make_rule("lifeboat-vps-daily", "vps/", 3),
      make_rule("lifeboat-vps-hourly", "vps/hourly/", 1),  // of an older version
      make_rule("lifeboat-vps-h1-daily", "vps-h1/2", 30), make_rule("", "tmp/", 1)};
  const std::vector<LifecycleRule> merged = merge_rules(existing, {"vps"}, ours);
  std::vector<std::string> ids;
  for (const LifecycleRule& rule : merged) ids.push_back(rule.id);
  EXPECT_THAT(ids, ElementsAre("logs", "lifeboat-vps-daily", "lifeboat-vps-h1-daily", "",
                               "lifeboat-vps-monthly", "lifeboat-vps-weekly", "lifeboat-vps-drills",
                               "lifeboat-vps-leftovers"))
      << "vps-h1 is another host";
  EXPECT_EQ(merged[1].prefix, "vps/2");
  EXPECT_THAT(lifecycle_changes(merged, merge_rules(merged, {"vps"}, ours)), IsEmpty());
  EXPECT_THAT(
      lifecycle_changes(existing, merged),
      ElementsAre("change rule 'lifeboat-vps-daily': 'vps/2', 30 days; it was: 'vps/', 3 days",
                  "add rule 'lifeboat-vps-monthly': 'vps/monthly/', 365 days",
                  "add rule 'lifeboat-vps-weekly': 'vps/supabase-weekly/', 365 days",
                  "add rule 'lifeboat-vps-drills': 'vps/drills/', 400 days",
                  "add rule 'lifeboat-vps-leftovers': 'vps/', unfinished uploads 3 days",
                  "remove rule 'lifeboat-vps-hourly': 'vps/hourly/', 1 day"));
}

TEST(Retention, ChangesAreOfMeaningNotOfSpelling) {
  LifecycleRule rule = make_rule("a", "a/", 1);
  LifecycleRule spelt = rule;
  spelt.source_xml = "<Rule/>";
  EXPECT_THAT(lifecycle_changes({rule}, {spelt}), IsEmpty());
  spelt.enabled = false;
  EXPECT_THAT(lifecycle_changes({rule}, {spelt}),
              ElementsAre("change rule 'a': 'a/', 1 day, disabled; it was: 'a/', 1 day"));
}

TEST(Retention, DaysAreRoundedUpToMidnight) {
  EXPECT_EQ(end_text("2026-05-07T02:00:00Z", 30), "2026-06-07T00:00:00Z");
  EXPECT_EQ(end_text("2026-05-07T00:00:00Z", 30), "2026-06-06T00:00:00Z");
  EXPECT_EQ(end_text("2026-05-07T00:00:01Z", 30), "2026-06-07T00:00:00Z");
  EXPECT_EQ(end_text("2024-02-28T23:59:59Z", 1), "2024-03-01T00:00:00Z") << "leap year";
  EXPECT_EQ(end_text("2025-02-28T23:59:59Z", 1), "2025-03-02T00:00:00Z");
  EXPECT_EQ(end_text("2026-12-31T23:00:00Z", 0), "2027-01-01T00:00:00Z");
  EXPECT_EQ(end_text("2023-03-01T00:00:00Z", 365), "2024-02-29T00:00:00Z") << "not a year";
}

TEST(Retention, TheShortestMatchingRuleEndsAnObject) {
  const Timestamp created = parse_time("2026-05-07T02:00:00Z");
  std::vector<LifecycleRule> rules{make_rule("year", "h1/monthly/", 365), make_rule("all", "", 30)};
  const std::string key = "h1/monthly/2026-05/manifest.json";
  ASSERT_TRUE(expiry_of(key, 1, created, rules));
  EXPECT_EQ(expiry_of(key, 1, created, rules)->rule, &rules[1]);
  rules[1].enabled = false;
  EXPECT_EQ(expiry_of(key, 1, created, rules)->rule, &rules[0]);
  rules[0].prefix = "h1/month*";
  EXPECT_FALSE(expiry_of(key, 1, created, rules)) << "'*' is a character";
  rules[1] = make_rule("tagged", "", 1);
  rules[1].has_tag_filter = true;
  EXPECT_FALSE(expiry_of(key, 1, created, rules));
  rules[1] = make_rule("never", "", UINT64_MAX);
  EXPECT_FALSE(expiry_of(key, 1, created, rules));
}

TEST(Retention, ConditionsOnSizeAndDate) {
  const Timestamp created = parse_time("2026-05-07T02:00:00Z");
  std::vector<LifecycleRule> rules{make_rule("sized", "", 1)};
  rules[0].size_greater_than = 0;
  rules[0].size_less_than = 10;
  EXPECT_FALSE(expiry_of("k", 0, created, rules));
  EXPECT_TRUE(expiry_of("k", 1, created, rules));
  EXPECT_TRUE(expiry_of("k", 9, created, rules));
  EXPECT_FALSE(expiry_of("k", 10, created, rules));
  LifecycleRule dated;
  dated.expire_date = parse_date("2026-06-01");
  EXPECT_EQ(print_time(expiry_of("k", 1, created, {dated})->at), "2026-06-01T00:00:00Z");
  dated.expire_date = parse_date("2026-01-01");
  EXPECT_EQ(expiry_of("k", 1, created, {dated})->at, created) << "what is new goes at once";
  dated.expire_date = parse_date("9999-12-31");
  EXPECT_FALSE(expiry_of("k", 1, created, {dated}));
}

// The rules as the service documents them, midnight by midnight.
std::optional<Timestamp> model_end(const std::string& key, uint64_t size, Timestamp created,
                                   const std::vector<LifecycleRule>& rules) {
  for (Timestamp midnight = std::chrono::ceil<days>(created); midnight < created + days(700);
       midnight += days(1)) {
    for (const LifecycleRule& rule : rules) {
      if (!rule.enabled || rule.has_tag_filter || !rule.expire_days) continue;
      if (key.substr(0, rule.prefix.size()) != rule.prefix) continue;
      if (rule.size_greater_than && size <= *rule.size_greater_than) continue;
      if (rule.size_less_than && size >= *rule.size_less_than) continue;
      if (midnight - created >= days(*rule.expire_days)) return midnight;
    }
  }
  return std::nullopt;
}

std::vector<LifecycleRule> random_rules(SeededRandom& random) {
  static const std::vector<std::string> prefixes{
      "",     "h1",     "h1/", "h1/2",    "h1/monthly/", "h1/2026-",
      "h1/m", "h1/20*", "h10", "h10/202", "logs/"};
  std::vector<LifecycleRule> rules;
  for (uint64_t count = random.below(5); count > 0; --count) {
    LifecycleRule rule = make_rule(format("rule{}", count), prefixes[random.below(prefixes.size())],
                                   1 + random.below(450));
    rule.enabled = random.below(5) > 0;
    rule.has_tag_filter = random.below(8) == 0;
    if (random.below(6) == 0) rule.size_greater_than = random.below(10000);
    if (random.below(6) == 0) rule.size_less_than = random.below(10000);
    if (random.below(6) == 0) rule.expire_days.reset();
    rules.push_back(std::move(rule));
  }
  return rules;
}

TEST(Retention, AgreesWithAModelOverRandomRules) {
  SeededRandom random(5);
  size_t ended = 0;
  for (int round = 0; round < 2000; ++round) {
    const std::vector<LifecycleRule> rules = random_rules(random);
    const Timestamp created =
        parse_time("2023-01-01T00:00:00Z") + std::chrono::hours(random.below(6 * 365 * 24));
    const std::string host = random.below(2) == 0 ? "h1" : "h10";
    const SnapshotId daily{host, date_of(created), ""};
    const SnapshotId id = random.below(2) == 0 ? daily : monthly_of(daily);
    const uint64_t size = random.below(12000);
    const auto expected = model_end(id.archive_key(), size, created, rules);
    const auto found = expiry_of(id.archive_key(), size, created, rules);
    ASSERT_EQ(found.has_value(), expected.has_value()) << round;
    if (!found) continue;
    ++ended;
    ASSERT_EQ(print_time(found->at), print_time(*expected)) << round;
    ASSERT_TRUE(id.archive_key().starts_with(found->rule->prefix));
  }
  EXPECT_GT(ended, 300U);
}

// The audit's counts against the same model, played night by night.
TEST(Retention, TheAuditCountsWhatAModelKeeps) {
  SeededRandom random(6);
  for (int round = 0; round < 15; ++round) {
    const std::vector<LifecycleRule> rules = random_rules(random);
    const Timestamp start = parse_time("2023-06-01T02:00:00Z") + days(random.below(1500));
    const Timestamp end = start + days(399);
    uint64_t dailies = 0;
    uint64_t monthlies = 0;
    std::chrono::month last{};
    for (Timestamp now = start; now <= end; now += days(1)) {
      const SnapshotId daily{"h1", date_of(now), ""};
      const auto stays = [&](const SnapshotId& id) -> uint64_t {
        const auto archive = model_end(id.archive_key(), 1 << 30, now, rules);
        const auto manifest = model_end(id.manifest_key(), 4096, now, rules);
        return (!archive || *archive > end) && (!manifest || *manifest > end) ? 1 : 0;
      };
      dailies += stays(daily);
      if (daily.date.month() != last) monthlies += stays(monthly_of(daily));
      last = daily.date.month();
    }
    const LifecycleAudit audit = audit_lifecycle(rules, {"h1"}, {}, start);
    EXPECT_EQ(audit.tiers.at(0).kept_at_end, dailies) << round;
    EXPECT_EQ(audit.tiers.at(1).kept_at_end, monthlies) << round;
  }
}

}  // namespace
}  // namespace lifeboat::test
