// Restored files in the place of live ones.
//
//   stage   copied beside the live folder, on its filesystem, while the service still runs
//   stop    the service's container, if it has one
//   move    what goes by one rename each, then what comes, child by child: the folder itself stays
//           what it is, since a container has it mounted by its inode
//   start   the container again
//
// What was there lies in `<folder>.before-YYYYMMDD-HHMMSS`, or `.before-...` in the folder where
// that is a filesystem of its own. A failure in any step undoes the ones before it; after a kill
// the next run does (replace_note.h).
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "recipe/container.h"
#include "recipe/recipe.h"

namespace lifeboat {

// What changes in one live folder.
struct FolderChange {
  std::filesystem::path live;
  // Name in the folder -> restored file, folder or link that comes there.
  std::map<std::string, std::filesystem::path> put = {};
  // Names that go without anything in their place; those that are not there do not matter.
  std::set<std::string> drop = {};
  bool is_whole = false;  // all that is not `put` goes
  // Of `put`: files that are written into instead of renamed over, since they may be mounted into a
  // container by themselves.
  std::set<std::string> in_place = {};
  // Given the folder with the copies before anything live is touched: for their modes.
  std::function<void(const std::filesystem::path& staged)> prepare = {};
};

// All children of `restored` come, all others of `live` go.
FolderChange whole_folder(const std::filesystem::path& live, const std::filesystem::path& restored);
// `name` and all its side files go, the restored one comes.
void put_database(FolderChange& change, const std::string& name,
                  const std::filesystem::path& restored);

// Told of each step before it is taken; what it throws fails the step. For tests.
using ReplaceWatch = std::function<void(std::string_view step)>;

// Throws Error(service), the live folders as they were and the container running again.
ReplaceReport replace_folders(const Service& service, const std::vector<FolderChange>& changes,
                              RecipeContext& context, const ReplaceWatch& watch = {});

}  // namespace lifeboat
