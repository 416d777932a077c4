// What `check` looks at. Nothing of the user's is changed; everything that is wrong is found in one
// go, so each step turns its own Error into a finding and the next step goes on.
//
// docs/CHECK.md lists all of it. What would fail tonight is an error, what makes a backup less
// worth or was wrong in the past is a warning; each has a hint that a person can act on.
#pragma once

#include <filesystem>
#include <vector>

#include "cli/context.h"
#include "cli/render.h"

namespace lifeboat::cli {

struct CheckRequest {
  bool as_cron = false;              // once more in the environment of cron or the unit
  std::filesystem::path root = "/";  // below which crontabs and units are looked for
};
std::vector<CheckFinding> run_checks(CommandContext& context, const CheckRequest& request);
// 0, or the code of the worst error: config, service, store, crypto in this order.
int findings_exit_code(const std::vector<CheckFinding>& findings);

}  // namespace lifeboat::cli
