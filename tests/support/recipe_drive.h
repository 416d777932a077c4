// Drives a recipe as the engine does, without an archive: its members become files in a folder.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "recipe/recipe.h"

namespace lifeboat::test {

struct DrivenBackup {
  Facts facts;
  std::vector<std::string> paths;  // in order
  std::map<std::string, FileMeta> metas;
  std::vector<std::string> warnings;
};

// Plans `service`, reads all members to their ends, lets the recipe judge those of unknown size,
// and writes files and folders below `target`. A known size that is not the size read is a Bug.
DrivenBackup drive_backup(const Recipe& recipe, const Service& service, RecipeContext& context,
                          const std::filesystem::path& target);

// The probes that did not pass, as "name: expected X, found Y (evidence)".
std::vector<std::string> failed_probes(const std::vector<ProbeResult>& results);

// The sabotages after which all probes still pass, each applied to what `restored` gives for it; it
// stands as "NAME: before it: ..." if the probes did not pass there in the first place.
std::vector<std::string> uncaught_sabotages(const Recipe& recipe, RecipeContext& context,
                                            const std::function<RestoredService()>& restored);

}  // namespace lifeboat::test
