// The monitoring pack's files as they lie in the tree, built into the program (cmake/embed.cmake).
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace lifeboat {

struct PackSource {
  std::string_view path;  // in the tree: "deploy/monitoring/grafana/backups.json"
  std::string_view text;
};
std::span<const PackSource> pack_sources();

}  // namespace lifeboat
