// Getting things out of a snapshot: a whole one, some services, some members.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "codec/age/age.h"
#include "engine/environment.h"
#include "io/sink.h"
#include "snapshot/index.h"
#include "snapshot/layout.h"
#include "snapshot/manifest.h"

namespace lifeboat {

struct RestoreRequest {
  SnapshotId id;
  // Services ("n8n"), members or folders of one ("n8n/config"). Empty: everything, RESTORE.md and
  // facts.json too.
  std::vector<std::string> selection;
  std::filesystem::path target;  // must not exist, or be an empty folder
  std::span<const age::Identity> identities;
  bool include_failed = false;  // also services the manifest calls failed
};

struct RestoreResult {
  Manifest manifest;
  uint64_t members = 0;
  uint64_t bytes = 0;
  std::vector<std::string> warnings;  // services left out because they failed, xattrs not set ...
  std::chrono::nanoseconds duration{};
};

// Extracts beside `target` and renames once every hash matched: `target` holds everything or does
// not come to be. Reads the whole archive for everything, and only the ranges it needs for a
// selection, every part of which must be there.
RestoreResult restore_snapshot(const RestoreRequest& request, Environment& environment);

// Calls `visit` for each member in archive order, later duplicates included.
void list_members(const SnapshotId& id, std::span<const age::Identity> identities,
                  Environment& environment, const std::function<void(const IndexMember&)>& visit);

// Writes one member's apparent content to `target` (not finished here), reading only the ranges it
// needs; its hash is checked at the end. `path` is the full one: "n8n/config".
void cat_member(const SnapshotId& id, std::string_view path,
                std::span<const age::Identity> identities, Environment& environment, Sink& target);

}  // namespace lifeboat
