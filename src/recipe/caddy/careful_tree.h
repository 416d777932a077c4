// The members of a folder, of which some are handed out as they were read earlier or with more
// care than the tree itself takes.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "recipe/volume/settled_file.h"
#include "recipe/volume/tree.h"
#include "recipe/volume/walk.h"

namespace lifeboat {

class CarefulTree {
 public:
  // `options.prefix` must be set. Throws as TreeMembers does.
  CarefulTree(std::filesystem::path folder, TreeOptions options);

  // `file`, whose path is below the folder, takes the place of what the tree reads there.
  void hold(SettledFile file);
  bool holds(const std::string& path) const { return held_.contains(path); }
  // Holds a JSON file, read until it parses; one that never does is named in the warnings.
  void hold_json(const std::string& path);

  // The next member. `wants` is asked once for each file, with its path below the folder, and may
  // hold it; false leaves it out. What is held and not in the tree any more comes last.
  std::optional<Member> next(const std::function<bool(const std::string& path)>& wants);

  void note(std::string sentence) { notes_.add(std::move(sentence)); }
  std::vector<std::string> warnings() const;

 private:
  Member give(const std::string& path);

  std::filesystem::path folder_;
  std::string prefix_;
  StopToken stop_;
  TreeMembers tree_;
  std::map<std::string, SettledFile> held_;
  std::set<std::string> given_;
  Notes notes_;
};

}  // namespace lifeboat
