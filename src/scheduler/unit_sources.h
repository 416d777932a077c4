// Unit files as they lie in the tree, built into the program (cmake/embed.cmake).
#pragma once

#include <array>
#include <span>
#include <string_view>

namespace lifeboat {

struct UnitSource {
  std::string_view path;  // in the tree: "deploy/systemd/lifeboat-failure@.service"
  std::string_view text;
};
std::span<const UnitSource> unit_sources();

}  // namespace lifeboat
