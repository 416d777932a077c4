// What changed between two states of the services, in their own nouns: a snapshot against what is
// live now, or against another snapshot.
//
// The side that was named first is where the comparison starts from: what only it has is gone, what
// only the other has was added. Both sides lie in a private folder meanwhile, which is always
// removed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/age/age.h"
#include "engine/backup.h"
#include "engine/environment.h"
#include "snapshot/layout.h"

namespace lifeboat {

inline constexpr const char* live_side_name = "live";

enum class Change { added, changed, gone };

struct DiffEntry {
  Change change = Change::changed;
  std::string kind;  // "workflow"
  std::string id;
  std::string name;
  friend bool operator==(const DiffEntry&, const DiffEntry&) = default;
};

enum class DiffState {
  compared,
  added,   // the whole service is on the later side only
  gone,    // the whole service is on the earlier side only
  failed,  // one side cannot be told: `failure` says which and why
};

struct DiffedService {
  std::string name;
  std::string recipe;
  DiffState state = DiffState::compared;
  std::vector<DiffEntry> entries;     // by kind, then name; nothing that is the same
  uint64_t same = 0;                  // things that both sides hold alike
  std::string failure;                // no secrets
  std::vector<std::string> hints;     // of a failure
  std::vector<std::string> warnings;  // what reading the live side had to say

  bool differs() const {
    return state == DiffState::added || state == DiffState::gone || !entries.empty();
  }
};

struct DiffRequest {
  SnapshotId from;
  std::optional<SnapshotId> to;  // nothing: what is live
  // Only these; empty: all of both sides.
  std::vector<std::string> services;
  std::vector<BackupService> live;  // all that is configured, for the live side
  // Of these, the services of the snapshot's job: what the snapshot lacks of them was added.
  std::vector<std::string> live_expected;
  std::span<const age::Identity> identities;
  std::filesystem::path scratch_dir;  // parent of the private folder
  // Of the run lock, which is held while live services are read, since they may be stopped for it.
  std::filesystem::path lock_dir;
  std::string host;
};

struct DiffResult {
  std::string from;  // "vps-h1/2026-05-07"
  std::string to;    // the same, or "live"
  std::vector<DiffedService> services;

  bool differs() const;
  bool has_failures() const;
};

// Entries of two inventories side by side: what changed, and how much did not.
DiffedService compare_inventories(std::vector<InventoryEntry> from, std::vector<InventoryEntry> to);

// The same of two restored states of one recipe; files one by one, since there may be a million.
DiffedService compare_states(const Recipe& recipe, const RestoredService& from,
                             const RestoredService& to, RecipeContext& context);

// A service that cannot be read is in the result as failed and the others go on. Throws
// Error(usage) for a service that neither side knows, and all that restore_snapshot throws.
DiffResult run_diff(const DiffRequest& request, Environment& environment);

}  // namespace lifeboat
