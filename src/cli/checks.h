// What `check` looks at. Nothing here changes anything; everything that is wrong is found in one
// go, so each step turns its own Error into a finding and the next step goes on.
#pragma once

#include <vector>

#include "cli/context.h"
#include "cli/render.h"

namespace lifeboat::cli {

std::vector<CheckFinding> run_checks(CommandContext& context);
// 0, or the code of the worst error: config, service, store, crypto in this order.
int findings_exit_code(const std::vector<CheckFinding>& findings);

}  // namespace lifeboat::cli
