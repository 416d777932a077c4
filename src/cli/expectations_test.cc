#include "cli/expectations.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "support/doubles.h"

namespace lifeboat::cli {
namespace {

std::string fault(const std::vector<std::string>& texts) {
  const std::string text = test::error_text([&] { parse_expectations(texts); });
  return text.substr(0, text.find('\n'));  // without the hint
}

TEST(Expectations, HostsAndJobsWithTheirSchedules) {
  EXPECT_EQ(parse_expectation("vps-h1"), (Expectation{"vps-h1", "", "daily", Tier::daily, false}));
  EXPECT_EQ(parse_expectation("vps-h1/nightly=02:00"),
            (Expectation{"vps-h1", "nightly", "02:00", Tier::daily, true}));
  EXPECT_EQ(parse_expectation("vps-h1=0 */6 * * *"),
            (Expectation{"vps-h1", "", "0 */6 * * *", Tier::daily, true}));
  EXPECT_EQ(parse_expectation("vps-i1/supabase-weekly"),
            (Expectation{"vps-i1", "supabase-weekly", "weekly", Tier::weekly, false}));
  EXPECT_EQ(parse_expectation("vps-i1/supabase-weekly=0 3 * * 0").schedule, "0 3 * * 0");
  EXPECT_EQ(parse_expectation("vps-i1/files=weekly").tier, Tier::daily);
  EXPECT_EQ(parse_expectation("vps-i1/files").text(), "vps-i1/files");
  EXPECT_EQ(parse_expectation("vps-i1").text(), "vps-i1");
}

TEST(Expectations, WhatIsNone) {
  for (const char* bad : {"", "VPS", "monthly", "vps-h1/", "/nightly", "vps-h1/a/b", "vps-h1/Job",
                          "vps-h1=", "vps-h1=sometimes", "vps-h1=manual", "vps-h1=0 2 30 2 *",
                          "vps-h1/nightly=2/day"}) {
    try {
      parse_expectation(bad);
      ADD_FAILURE() << bad;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::usage) << bad;
      EXPECT_FALSE(error.hints().empty()) << bad;
    }
  }
}

TEST(Expectations, EachOnceAndAHostWholeOrByItsJobs) {
  EXPECT_EQ(parse_expectations({"a", "b", "b/supabase-weekly", "c/x", "c/y"}).size(), 5u);
  EXPECT_EQ(fault({"a", "a=02:00"}), "--expect a=02:00: it is expected twice");
  EXPECT_EQ(fault({"a/x", "a/x"}), "--expect a/x: it is expected twice");
  EXPECT_EQ(fault({"a", "a/x"}),
            "--expect a/x: a is expected as a whole and by its jobs: name one");
  EXPECT_EQ(fault({"a/x", "a"}), "--expect a: a is expected as a whole and by its jobs: name one");
}

TEST(Expectations, JobsOfAConfigurationThatRunByThemselves) {
  Config config;
  config.host = "h1";
  const auto add = [&](const char* name, const char* schedule, bool stream) {
    JobConfig& job = config.jobs.emplace_back();
    job.name = name;
    job.schedule = schedule;
    job.stream = stream;
  };
  add("nightly", "02:00", false);
  add("byhand", "manual", false);
  add("sql", "weekly", true);
  const auto all = configured_expectations(config);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0], (Expectation{"h1", "nightly", "02:00", Tier::daily, true}));
  EXPECT_EQ(all[1], (Expectation{"h1", "sql", "weekly", Tier::weekly, true}));
}

}  // namespace
}  // namespace lifeboat::cli
