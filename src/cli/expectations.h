// What is expected of the hosts that back up, in words: `--expect HOST[/JOB][=SCHEDULE]`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "snapshot/layout.h"

namespace lifeboat::cli {

struct Expectation {
  std::string host;
  std::string job;          // empty: all that the host does every night
  std::string schedule;     // as in the configuration; never one without runs, such as "manual"
  Tier tier = Tier::daily;  // where its snapshots lie: daily or weekly
  bool has_own_schedule = false;  // one was given

  // "vps-h1", "vps-i1/supabase-weekly"
  std::string text() const { return job.empty() ? host : host + "/" + job; }
  friend bool operator==(const Expectation&, const Expectation&) = default;
};

inline constexpr const char* expectation_help =
    "what must be there: HOST, HOST/JOB or HOST/JOB=SCHEDULE with a schedule as in the "
    "configuration (default: daily, and weekly for supabase-weekly); may be repeated";

// Throws Error(usage). The job supabase-weekly is the one in that folder of the store.
Expectation parse_expectation(std::string_view text);
// `known` and those of `texts`, each host and job once. A host is named alone or by its jobs: both
// at once would count snapshots twice.
std::vector<Expectation> parse_expectations(const std::vector<std::string>& texts,
                                            std::vector<Expectation> known = {});
// The jobs of a configuration that run by themselves.
std::vector<Expectation> configured_expectations(const Config& config);

}  // namespace lifeboat::cli
