// Links of a restored tree that lead out of it.
//
// Recipes and their sabotages open restored files by name, as a service would; whoever made the
// snapshot could have put a link to a file of this host there. In scratch, such a link stays a
// link, to nothing.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/stop.h"

namespace lifeboat {

// Of `paths` below `root`, those that are links and lead out of `root` lead to nothing afterwards.
// Throws Error(verification) for one that cannot be exchanged.
void cut_outward_links(const std::filesystem::path& root, const std::vector<std::string>& paths);
// The same for all links below `root`.
void cut_outward_links(const std::filesystem::path& root, const StopToken& stop);

}  // namespace lifeboat
