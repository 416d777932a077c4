#include "cli/expectations.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/names.h"
#include "base/text.h"
#include "config/schedule.h"

namespace lifeboat::cli {
namespace {

constexpr std::string_view weekly_job = "supabase-weekly";

Error bad_expectation(std::string_view text, std::string_view why) {
  return Error(ErrorKind::usage, format("--expect {}: {}", printable(text), why))
      .hint("Write HOST, HOST/JOB or HOST/JOB=SCHEDULE: vps-i1/supabase-weekly=weekly.");
}

}  // namespace

Expectation parse_expectation(std::string_view text) {
  const size_t equals = text.find('=');
  const std::string_view name = text.substr(0, equals);
  const size_t slash = name.find('/');
  Expectation expected;
  expected.host = name.substr(0, slash);
  if (slash != std::string_view::npos) expected.job = name.substr(slash + 1);
  if (!is_host_name(expected.host)) {
    throw bad_expectation(text, format("a host's name is {}", host_name_rule));
  }
  if (slash != std::string_view::npos && !is_service_name(expected.job)) {
    throw bad_expectation(text, format("a job's name is {}", service_name_rule));
  }
  if (expected.job == weekly_job) expected.tier = Tier::weekly;
  expected.has_own_schedule = equals != std::string_view::npos;
  expected.schedule = expected.has_own_schedule       ? text.substr(equals + 1)
                      : expected.tier == Tier::weekly ? "weekly"
                                                      : "daily";
  if (!is_schedule(expected.schedule)) {
    throw bad_expectation(text, "that is no schedule: write daily, weekly, HH:MM or cron fields");
  }
  if (!longest_gap(expected.schedule)) throw bad_expectation(text, "that schedule never runs");
  return expected;
}

std::vector<Expectation> parse_expectations(const std::vector<std::string>& texts,
                                            std::vector<Expectation> known) {
  for (const std::string& text : texts) {
    Expectation expected = parse_expectation(text);
    for (const Expectation& other : known) {
      if (other.host != expected.host || other.tier != expected.tier) continue;
      if (other.job == expected.job) throw bad_expectation(text, "it is expected twice");
      if (other.job.empty() || expected.job.empty()) {
        throw bad_expectation(
            text, format("{} is expected as a whole and by its jobs: name one", expected.host));
      }
    }
    known.push_back(std::move(expected));
  }
  return known;
}

std::vector<Expectation> configured_expectations(const Config& config) {
  std::vector<Expectation> all;
  for (const JobConfig& job : config.jobs) {
    if (!longest_gap(job.schedule)) continue;
    all.push_back(
        {config.host, job.name, job.schedule, job.stream ? Tier::weekly : Tier::daily, true});
  }
  return all;
}

}  // namespace lifeboat::cli
