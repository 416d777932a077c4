// What is known of folders before they are read, and what the drill asks of them afterwards: for
// recipes that know nothing of the files' content.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "recipe/recipe.h"
#include "recipe/volume/databases.h"
#include "recipe/volume/tree.h"

namespace lifeboat {

class Survey {
 public:
  // Walks over `folder`, whose members will lie below `prefix` ("" or like "etc/").
  void add_folder(const std::filesystem::path& folder, const std::string& prefix,
                  const TreeOptions& options);
  // An entry that is member `prefix` + its path.
  void add(const TreeEntry& entry, const std::string& prefix);

  uint64_t bytes() const { return counts_.bytes; }
  // The item "files", and details "files", "bytes" and "largest".
  void note(Facts& facts) const;
  // Puts the size of `member`, as it is handed out, into "largest" if it is that one: a log may
  // have been rotated since it was looked at.
  void correct(Facts& facts, const Member& member) const;
  std::vector<std::string> database_warnings() const { return databases_.warnings(); }

 private:
  TreeCounts counts_;
  std::string largest_;  // only if JSON can hold its name
  uint64_t largest_bytes_ = 0;
  ServerDatabases databases_;
};

// The answers of a restored folder to what note() wrote: no more files are missing than may have
// vanished, the largest one has its size, SQLite files are whole.
std::vector<ProbeResult> probe_survey(const RestoredService& restored, RecipeContext& context);
// "every must-have path is there": each of `must`.
ProbeResult probe_must(const RestoredService& restored, const std::vector<std::string>& must);
// Damage for these: everything gone, the largest file cut.
std::vector<Sabotage> survey_sabotages();
// Removes the first of the paths that detail `name` lists.
void remove_first_listed(const RestoredService& restored, std::string_view name);

}  // namespace lifeboat
