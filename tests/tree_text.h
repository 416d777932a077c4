// Reads the project's own files, for tests that hold its rules.
#pragma once

#include <algorithm>
#include <filesystem>
#include <string>
#include <vector>

#include "support/shell.h"

namespace lifeboat::test {

struct TreeFile {
  std::string path;  // relative to the project's root
  std::string text;
};

inline std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  for (size_t begin = 0; begin < text.size();) {
    const size_t end = std::min(text.find('\n', begin), text.size());
    lines.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return lines;
}

// Every regular file below `folder`, which is relative to the root; sorted. An absent one is empty.
inline std::vector<TreeFile> tree_files(const std::string& folder) {
  const std::filesystem::path root = LIFEBOAT_SOURCE_DIR;
  std::vector<TreeFile> files;
  if (!std::filesystem::exists(root / folder)) return files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(root / folder)) {
    if (!entry.is_regular_file()) continue;
    files.push_back({entry.path().lexically_relative(root).native(), slurp(entry.path())});
  }
  std::sort(files.begin(), files.end(),
            [](const TreeFile& left, const TreeFile& right) { return left.path < right.path; });
  return files;
}

inline bool is_cxx(const std::string& path) {
  return path.ends_with(".cc") || path.ends_with(".h");
}

}  // namespace lifeboat::test
