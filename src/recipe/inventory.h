// What a folder holds, file by file, for recipes that know no better nouns.
#pragma once

#include <filesystem>
#include <optional>
#include <string_view>
#include <vector>

#include "base/stop.h"
#include "recipe/recipe.h"
#include "recipe/volume/walk.h"

namespace lifeboat {

// What inventory_of_files() tells, one by one: two sides of a million files each need no memory.
class FileInventory {
 public:
  FileInventory(const std::filesystem::path& folder, const StopToken& stop)
      : walk_(folder, {}, stop) {}
  std::optional<InventoryEntry> next();

  // Whether `left` comes before `right` here: a folder, then what is in it, then its neighbours.
  static bool is_before(std::string_view left, std::string_view right);

 private:
  TreeWalk walk_;
};

// Whether the recipe's inventory is inventory_of_files() of the restored folder.
bool has_inventory_of_files(const Recipe& recipe);

// An entry a file, folder and link below `folder`, by its path: kind "file", "folder" or "link".
// The fingerprint covers mode and content (of a link: its target), not owners and times, which
// differ between a restore by root and one by somebody else.
std::vector<InventoryEntry> inventory_of_files(const std::filesystem::path& folder,
                                               const StopToken& stop);

}  // namespace lifeboat
