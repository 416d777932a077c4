// A file with a JSON array of objects, as n8n exports them: one object is in memory at a time.
#pragma once

#include <filesystem>
#include <functional>

#include "base/json.h"

namespace lifeboat {

// Throws Error(service) for a file that cannot be read or is something else; what `visit` throws.
void visit_json_list(const std::filesystem::path& file,
                     const std::function<void(const Json&)>& visit);

}  // namespace lifeboat
