// A text file of the source tree that is built into the program (cmake/embed.cmake).
#pragma once

#include <string_view>

namespace lifeboat {

struct EmbeddedFile {
  std::string_view path;  // in the tree: "deploy/monitoring/grafana/backups.json"
  std::string_view text;
};

}  // namespace lifeboat
