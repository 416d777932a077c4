// What an install wrote and what was there before it, so that it can be taken back exactly.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "scheduler/scheduler.h"

namespace lifeboat {

// What stands at a path.
struct PathState {
  FileChange::Kind kind = FileChange::Kind::file;
  std::string text;  // of a link its target; of a folder nothing
  uint32_t mode = 0;
  uint32_t user = 0;
  uint32_t group = 0;
};
// Nothing if nothing is there. Throws Error(config) for what no install could replace: a socket, a
// file beyond 1 MiB.
std::optional<PathState> look_at(const std::filesystem::path& path);

struct RecordedFile {
  std::filesystem::path path;  // absolute, without the root
  FileChange::Kind kind = FileChange::Kind::file;
  std::string written;
  uint32_t mode = 0;
  std::optional<PathState> before;
};

// Where it lies, without the root.
inline constexpr const char* record_path = "/var/lib/lifeboat/install.json";

// Empty if there is none. Throws Error(config) for one that is broken.
std::vector<RecordedFile> load_record(const std::filesystem::path& root);
std::string print_record(const std::vector<RecordedFile>& files);

// "/etc/x" below the root.
std::filesystem::path below(const std::filesystem::path& root, const std::filesystem::path& path);

}  // namespace lifeboat
