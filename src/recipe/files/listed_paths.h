// The paths of a service `files`, looked at before anything is read.
//
// A path is kept as it is named, but for links on the way to it, which are resolved: an archive
// must not write through a link when it is extracted. A path that is itself a link stays one.
#pragma once

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "base/settings.h"
#include "base/stop.h"
#include "recipe/volume/tree.h"

namespace lifeboat {

struct ListedPath {
  std::filesystem::path path;  // absolute, its parent canonical
  bool is_folder = false;

  // Its member: "etc/caddy".
  std::string member() const { return path.native().substr(1); }
};

struct ListedPaths {
  std::vector<ListedPath> there;     // sorted, none inside another
  std::vector<std::string> missing;  // of `optional`, as they were named
};

// From the options `paths` and `optional`. Throws Error(service) for a path that is not absolute,
// is "/", or of `paths` is not there.
ListedPaths list_paths(const Settings& settings);

// How the options name and resolve their paths, there or not: the members that an archive of this
// service may hold. What a snapshot lists besides, somebody else put there.
std::set<std::string> configured_members(const Settings& settings);

// For the members of `listed`, or of the folder it lies in if it is no folder: its prefix, and of
// the option `exclude` what concerns it. An absolute pattern must begin with one of the paths; a
// relative one with a slash counts from each folder that is listed.
TreeOptions options_for(const ListedPath& listed, const Settings& settings, const StopToken& stop);
// Throws Error(service) for a pattern that no listed path can match.
void check_excludes(const Settings& settings, const ListedPaths& listed);

}  // namespace lifeboat
