// How `status` looks, as text and as JSON.
#pragma once

#include <string>

#include "base/clock.h"
#include "base/json.h"
#include "cli/table.h"
#include "observe/status.h"

namespace lifeboat::cli {

std::string render_status(const Status& status, Timestamp now, const Style& style);
Json status_to_json(const Status& status, Timestamp now);

}  // namespace lifeboat::cli
