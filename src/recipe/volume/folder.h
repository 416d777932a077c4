// What the recipes that protect a folder have in common.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "recipe/recipe.h"
#include "recipe/volume/tree.h"

namespace lifeboat {

// Facts.details of a folder: {"source": "volume 'x'" or the path, "root": {"mode", "uid", "gid"}}.
// The root folder itself is no member of the archive, so whoever restores needs its owner from
// here.
Json folder_details(const Service& service, const std::filesystem::path& folder);

// The commands that put the extracted folder back, Markdown; `facts` hold folder_details().
std::string folder_restore_steps(const Service& service, const Facts& facts);

// First whether the folder can be located and opened with these options, then check_container().
std::vector<Finding> check_folder(const Service& service, const TreeOptions& options,
                                  RecipeContext& context);

// Every file below `folder` that begins as a SQLite database passes integrity_check, but for those
// that match a pattern of `exclude`. Those with a
// write-ahead log beside them are counted in the evidence and not asked: replaying it would change
// what was restored.
ProbeResult probe_sqlite_files(const std::filesystem::path& folder,
                               const std::vector<std::string>& exclude, const StopToken& stop);

// The error as `check` tells it.
Finding finding_of(const Error& error);

}  // namespace lifeboat
