// How `plan` looks, as text and as JSON.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/storage_plan.h"
#include "cli/table.h"

namespace lifeboat::cli {

std::string render_job_plan(const PlannedJob& job, const Style& style);
std::string render_storage_plan(const StoragePlan& plan, const Style& style);
// The whole document.
Json plan_to_json(const std::string& host, const std::vector<PlannedJob>& jobs,
                  const StoragePlan& storage);

}  // namespace lifeboat::cli
