// What a folder holds, file by file, for recipes that know no better nouns.
#pragma once

#include <filesystem>
#include <vector>

#include "base/stop.h"
#include "recipe/recipe.h"

namespace lifeboat {

// An entry a file, folder and link below `folder`, by its path: kind "file", "folder" or "link".
// The fingerprint covers mode and content (of a link: its target), not owners and times, which
// differ between a restore by root and one by somebody else.
std::vector<InventoryEntry> inventory_of_files(const std::filesystem::path& folder,
                                               const StopToken& stop);

}  // namespace lifeboat
