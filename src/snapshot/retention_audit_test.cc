#include <gmock/gmock.h>

#include "base/format.h"
#include "snapshot/retention.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using Level = AuditFinding::Level;
using testing::AnyOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::IsSupersetOf;

const Timestamp start = parse_time("2026-05-07T02:00:00Z");

LifecycleRule make_rule(std::string id, std::string prefix, uint64_t expire_days) {
  LifecycleRule rule;
  rule.id = std::move(id);
  rule.prefix = std::move(prefix);
  rule.expire_days = expire_days;
  return rule;
}

std::vector<std::string> texts(const LifecycleAudit& audit, Level level) {
  std::vector<std::string> found;
  for (const AuditFinding& finding : audit.findings) {
    if (finding.level == level) found.push_back(format("{} {}", finding.subject, finding.message));
  }
  return found;
}

// Our own rules of `host`, to be spoilt.
std::vector<LifecycleRule> good(const std::string& host = "vps-h1") {
  return lifecycle_rules(host, {}, false);
}

LifecycleAudit audit(const std::vector<LifecycleRule>& rules,
                     const std::vector<std::string>& hosts = {"vps-h1"}) {
  return audit_lifecycle(rules, hosts, {}, start);
}

TEST(LifecycleAudit, OurRulesAreClean) {
  for (const char* begin : {"2026-05-07T02:00:00Z", "2024-02-29T23:59:59Z", "2027-12-31T12:00:00Z",
                            "2028-01-01T00:00:00Z"}) {
    std::vector<LifecycleRule> rules = good();
    for (const LifecycleRule& rule : lifecycle_rules("vps-h10", {}, true)) rules.push_back(rule);
    const auto result = audit_lifecycle(rules, {"vps-h1", "vps-h10"}, {}, parse_time(begin));
    EXPECT_TRUE(result.is_good());
    EXPECT_THAT(texts(result, Level::error), IsEmpty());
    EXPECT_THAT(texts(result, Level::warning), IsEmpty());
    ASSERT_EQ(result.tiers.size(), 8U);
    for (const TierForecast& tier : result.tiers) {
      EXPECT_EQ(tier.kept_days, tier.wanted_days) << tier.host << " " << tier.tier;
    }
    for (const size_t host : {size_t{0}, size_t{4}}) {
      EXPECT_EQ(result.tiers[host].tier, "daily");
      EXPECT_THAT(result.tiers[host].kept_at_end, AnyOf(30U, 31U)) << begin;
      EXPECT_EQ(result.tiers[host + 1].tier, "monthly");
      EXPECT_THAT(result.tiers[host + 1].kept_at_end, AnyOf(12U, 13U)) << begin;
    }
  }
}

TEST(LifecycleAudit, AnEmptyPrefixSwallowsTheMonthliesAndAWildcardMatchesNothing) {
  const auto result = audit({make_rule("all", "", 30), make_rule("keep", "vps-*/monthly/", 365)},
                            {"vps-h1", "vps-i1"});
  EXPECT_FALSE(result.is_good());
  EXPECT_THAT(
      texts(result, Level::error),
      ElementsAre("rule 'all' (every object, 30 days) ends the drill evidence of vps-h1, vps-i1 "
                  "after 30 days, wanted 400",
                  "rule 'all' (every object, 30 days) ends the monthly copies of vps-h1, vps-i1 "
                  "after 30 days, wanted 365",
                  "rule 'all' (every object, 30 days) ends the weekly dumps of vps-h1, vps-i1 "
                  "after 30 days, wanted 365",
                  "rule 'keep' ('vps-*/monthly/', 365 days) has a '*' in its prefix: it matches "
                  "nothing, since a prefix is literal"));
  EXPECT_EQ(result.tiers.at(1).tier, "monthly");
  EXPECT_EQ(result.tiers.at(1).kept_days, 30U);
  EXPECT_EQ(result.tiers.at(1).kept_at_end, 1U);
  for (const AuditFinding& finding : result.findings) {
    EXPECT_EQ(finding.hint.empty(), finding.level == Level::ok) << finding.message;
  }
}

TEST(LifecycleAudit, NoRulesMeanGrowth) {
  const auto result = audit({});
  EXPECT_TRUE(result.is_good()) << "it costs money, not backups";
  EXPECT_EQ(result.tiers.at(0).kept_days, std::nullopt);
  EXPECT_EQ(result.tiers.at(0).kept_at_end, 400U);
  EXPECT_THAT(
      texts(result, Level::warning),
      IsSupersetOf({HasSubstr("vps-h1 daily nothing ever ends vps-h1/2...: the bucket only "
                              "grows"),
                    HasSubstr("vps-h1 uploads no rule removes what killed uploads leave")}));
}

TEST(LifecycleAudit, ShorterAndLongerThanWanted) {
  std::vector<LifecycleRule> rules = good();
  rules[0].expire_days = 7;
  rules[1].expire_days = 500;
  const auto result = audit(rules);
  EXPECT_THAT(texts(result, Level::error),
              ElementsAre(HasSubstr("ends the dailies of vps-h1 after 7 days, wanted 30")));
  EXPECT_THAT(texts(result, Level::warning), Contains(HasSubstr("nothing ever ends")).Times(0));
  rules[1].expire_days = 380;
  EXPECT_THAT(
      texts(audit(rules), Level::warning),
      ElementsAre(HasSubstr("keeps the monthly copies of vps-h1 for 380 days, wanted 365")));
}

TEST(LifecycleAudit, APrefixThatTakesSomeYearsOnly) {
  std::vector<LifecycleRule> rules = good();
  rules[0].prefix = "vps-h1/2026-";
  EXPECT_THAT(texts(audit(rules), Level::warning),
              ElementsAre(HasSubstr("nothing ever ends some of vps-h1/2...")));
}

TEST(LifecycleAudit, APrefixWithoutASlashTakesOtherHostsToo) {
  std::vector<LifecycleRule> rules = good();
  rules.push_back(make_rule("mine", "vps-h1", 400));
  const auto result = audit(rules, {"vps-h1", "vps-h10"});
  EXPECT_THAT(texts(result, Level::warning),
              Contains("rule 'mine' ('vps-h1', 400 days) has no '/' at its end: it takes vps-h10 "
                       "as well"));
  EXPECT_THAT(texts(audit(rules), Level::warning),
              Contains(HasSubstr("every host whose name begins so, such as vps-h10")));
}

TEST(LifecycleAudit, ADisabledRuleOfOursIsNamed) {
  std::vector<LifecycleRule> rules = good();
  rules[0].enabled = false;
  rules.push_back(make_rule("logs", "logs/", 1));
  rules.back().enabled = false;
  EXPECT_THAT(texts(audit(rules), Level::warning),
              testing::UnorderedElementsAre(
                  HasSubstr("nothing ever ends vps-h1/2...: the bucket only grows"),
                  "rule 'lifeboat-vps-h1-daily' ('vps-h1/2', 30 days, disabled) is disabled: it "
                  "does nothing"));
}

TEST(LifecycleAudit, ADateEndsEverything) {
  for (const char* date : {"2026-01-01", "2027-01-01", "2031-01-01"}) {
    std::vector<LifecycleRule> rules = good();
    LifecycleRule dated;
    dated.expire_date = parse_date(date);
    rules.push_back(dated);
    EXPECT_THAT(texts(audit(rules), Level::error),
                ElementsAre(format("rule number 6 (every object, on {0}) ends everything it "
                                   "matches on {0}, however new it is then",
                                   date)));
  }
}

TEST(LifecycleAudit, ConditionsMakeTheOutcomeUnsure) {
  std::vector<LifecycleRule> rules = good();
  rules.push_back(make_rule("tagged", "vps-h1/", 1));
  rules.back().has_tag_filter = true;
  EXPECT_THAT(texts(audit(rules), Level::warning),
              ElementsAre(HasSubstr("acts on objects with certain tags only")));
  rules.back() = make_rule("huge", "vps-h1/", 1);
  rules.back().size_greater_than = uint64_t{1} << 40;
  EXPECT_THAT(texts(audit(rules), Level::warning), ElementsAre(HasSubstr("acts by size")));
  EXPECT_TRUE(audit(rules).is_good());
  rules.back() = make_rule("small", "vps-h1/", 1);
  rules.back().size_less_than = 128 * 1024;
  EXPECT_THAT(texts(audit(rules), Level::error),
              Contains(HasSubstr("ends the dailies of vps-h1 after 1 day, wanted 30")))
      << "without its manifest it is no snapshot";
}

TEST(LifecycleAudit, ColderClassesAreNamed) {
  std::vector<LifecycleRule> rules = good();
  rules[1].transition_days = 60;
  EXPECT_THAT(texts(audit(rules), Level::warning),
              ElementsAre(HasSubstr("moves the monthly copies to a colder class after 60 days")));
  rules[1].transition_days = 365;
  EXPECT_THAT(texts(audit(rules), Level::warning), IsEmpty()) << "it ends first";
}

TEST(LifecycleAudit, RulesBesideOurs) {
  std::vector<LifecycleRule> rules = good();
  rules.push_back(make_rule("logs", "logs/", 1));
  const auto clean = audit(rules);
  EXPECT_THAT(texts(clean, Level::warning), IsEmpty());
  EXPECT_THAT(texts(clean, Level::ok),
              Contains("rule 'logs' ('logs/', 1 day) touches nothing of these hosts"));
  for (const char* prefix : {"/vps-h1/", "vps-h1/daily/"}) {
    rules.back().prefix = prefix;
    EXPECT_THAT(texts(audit(rules), Level::warning),
                ElementsAre(HasSubstr("matches nothing that a backup writes")))
        << prefix;
  }
}

TEST(LifecycleAudit, WithoutMonthliesNobodyMissesThem) {
  const Retention retention{.monthly_months = 0};
  const auto result =
      audit_lifecycle(lifecycle_rules("vps-h1", retention, false), {"vps-h1"}, retention, start);
  EXPECT_THAT(texts(result, Level::warning), IsEmpty());
  EXPECT_EQ(result.tiers.size(), 3U);
}

}  // namespace
}  // namespace lifeboat::test
