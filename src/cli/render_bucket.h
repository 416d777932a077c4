// How the results of `bucket` look; see render.h.
#pragma once

#include <string>
#include <vector>

#include "base/json.h"
#include "cli/table.h"
#include "engine/bucket.h"

namespace lifeboat::cli {

std::string render_setup(const std::vector<SetupStep>& steps, const Style& style);
Json setup_to_json(const std::vector<SetupStep>& steps);

Json lifecycle_to_json(const LifecyclePlan& plan, bool applied);

std::string render_audit(const BucketAudit& audit, const Style& style);
Json audit_to_json(const BucketAudit& audit);

}  // namespace lifeboat::cli
