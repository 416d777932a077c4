// One run of `check`: what its steps share, and where they put what they find.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "cli/check/checks.h"
#include "config/config.h"
#include "scheduler/scheduler.h"
#include "snapshot/layout.h"

namespace lifeboat::cli {

class CheckRun {
 public:
  CheckRun(CommandContext& checked, const CheckRequest& asked) : context(checked), request(asked) {}

  // False: it is faulty, and nothing else can be looked at.
  bool load_config();
  const Config& config() const { return *config_; }

  // `key`: of the configuration; a finding that is not ok names where it stands.
  void add(ErrorKind area, const std::string& subject, Finding finding, std::string_view key = "");
  // One step; its Error is a finding.
  void guarded(ErrorKind area, const std::string& subject, const std::function<void()>& step,
               std::string_view key = "");
  std::vector<CheckFinding> take() { return std::move(findings_); }
  const std::vector<CheckFinding>& findings() const { return findings_; }

  CommandContext& context;
  const CheckRequest& request;
  std::set<std::string> recipients;               // public keys
  std::set<std::string> keys_here;                // of them, those whose private halves lie here
  std::optional<std::vector<SnapshotId>> listed;  // of this host; nothing: the store did not tell
  std::vector<FoundStart> starts;                 // that start one of our runs

 private:
  const Config* config_ = nullptr;
  std::vector<CheckFinding> findings_;
};

// The steps, in this order.
void check_keys(CheckRun& run);
void check_places(CheckRun& run);
void check_store(CheckRun& run);
void check_escrow(CheckRun& run);
void check_services(CheckRun& run);
void check_schedule(CheckRun& run);
void check_past(CheckRun& run);
void check_telling(CheckRun& run);
void check_as_cron(CheckRun& run);

}  // namespace lifeboat::cli
