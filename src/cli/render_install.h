// What an install or its back-out changes.
#pragma once

#include <string>

#include "base/json.h"
#include "cli/table.h"
#include "scheduler/scheduler.h"

namespace lifeboat::cli {

// Each file with its new text, or the lines that change.
std::string render_install(const InstallPlan& plan, const Style& style);
Json install_to_json(const InstallPlan& plan, bool dry_run);

}  // namespace lifeboat::cli
