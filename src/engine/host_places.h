// What a host holds outside of containers: known paths, databases, and how large or how safe in git
// a place is.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/stop.h"

namespace lifeboat {

struct PlaceSize {
  uint64_t bytes = 0;
  bool is_larger = false;  // counting ended after `entries_max` names
};
inline constexpr uint64_t entries_counted_max = 200'000;
// Of a file, or of all files below a folder; nothing if it cannot be read.
std::optional<PlaceSize> measure_place(const std::filesystem::path& path, const StopToken& stop);

// What exists of `pattern` (absolute; '*' within names) below `root`, sorted, as absolute paths
// without the root. Links and empty folders are left out.
std::vector<std::string> find_places(const std::filesystem::path& root, std::string_view pattern);

// Whether a file's or a folder's content can be had again from a git remote.
struct GitState {
  std::string remote;   // without user and password
  std::string problem;  // why that is not all of it: "2 files are changed or new"; empty: it is
};
// Nothing if git has nothing of `place`, there is no git, or git does not trust the checkout's
// owner: asking all the same would run what the checkout's own configuration names.
std::optional<GitState> git_state(const std::filesystem::path& place, Clock& clock,
                                  const StopToken& stop);

}  // namespace lifeboat
