#include "recipe/volume/glob.h"

#include <fnmatch.h>

#include <span>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr std::string_view any_folders = "**";

// Which parts of the path the pattern so far can have used up: one row of a table instead of
// recursion, so that no pattern takes more than parts times parts steps.
bool match_parts(std::span<const std::string> pattern, std::span<const std::string> path) {
  std::vector<bool> reached(path.size() + 1, false);
  reached[0] = true;
  for (const std::string& part : pattern) {
    std::vector<bool> after(path.size() + 1, false);
    for (size_t used = 0; used <= path.size(); ++used) {
      if (part == any_folders) {
        after[used] = reached[used] || (used > 0 && after[used - 1]);
      } else if (used > 0 && reached[used - 1]) {
        after[used] = ::fnmatch(part.c_str(), path[used - 1].c_str(), 0) == 0;
      }
    }
    reached = std::move(after);
  }
  return reached.back();
}

}  // namespace

Glob::Glob(std::string_view pattern) {
  std::string_view rest = pattern;
  if (rest.starts_with('/')) rest.remove_prefix(1);
  if (rest.ends_with('/')) rest.remove_suffix(1);
  if (rest.find('/') == std::string_view::npos && !pattern.starts_with('/')) {
    parts_.emplace_back(any_folders);
  }
  for (std::string& part : split(rest, '/')) {
    if (part.empty() || part == "." || part == "..") {
      throw Error(ErrorKind::service,
                  format("read exclude pattern '{}': it can match nothing", printable(pattern)))
          .hint("Patterns are relative to the folder, like 'cache/*' or '**/*.tmp'.");
    }
    parts_.push_back(std::move(part));
  }
}

bool Glob::matches(std::string_view path) const { return match_parts(parts_, split(path, '/')); }

std::string exact_glob(std::string_view path) {
  std::string pattern = "/";
  for (const char letter : path) {
    if (std::string_view("*?[\\").find(letter) != std::string_view::npos) pattern += '\\';
    pattern += letter;
  }
  return pattern;
}

}  // namespace lifeboat
