// Patterns that leave files out of a tree.
//
//   *.log          a name without a slash matches at every depth
//   cache/tmp      with a slash, the pattern is the path from the tree's root
//   **/cache/*.bin  `**` stands for any number of folders, none included
//
// `*`, `?` and `[...]` match within one name and match a leading dot too; `\` takes the next
// character literally. A folder that matches is left out with all that is in it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

class Glob {
 public:
  // Throws Error(service) for a pattern that can match nothing (empty, "..", "//").
  explicit Glob(std::string_view pattern);
  // `path` is relative to the tree's root, '/'-separated.
  bool matches(std::string_view path) const;

 private:
  std::vector<std::string> parts_;
};

// The pattern that matches `path`, from the tree's root, and nothing else.
std::string exact_glob(std::string_view path);

}  // namespace lifeboat
