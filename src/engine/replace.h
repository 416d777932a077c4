// A snapshot's service in the live one's place.
//
// The order is what makes it safe: everything is extracted aside, every hash matches and every
// probe passes before anything live is touched; what the change will be is told; the recipe keeps
// what it replaces. The run lock is held throughout, so that no backup reads a half-replaced
// service.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "codec/age/age.h"
#include "engine/backup.h"
#include "engine/diff.h"
#include "engine/environment.h"
#include "snapshot/layout.h"

namespace lifeboat {

struct ReplaceRequest {
  SnapshotId id;
  BackupService service;  // as configured: this is what is replaced
  std::span<const age::Identity> identities;
  std::filesystem::path scratch_dir;  // parent of the private folder
  std::filesystem::path lock_dir;     // of the run lock
  std::string host;
  // Called before the live service is touched, when it is known what will change. Throwing ends it
  // there.
  std::function<void(const DiffedService&)> before_replace;
};

struct ReplaceResult {
  std::vector<ProbeResult> probes;  // all passed
  DiffedService diff;               // what was live against the snapshot; failed: it was unreadable
  ReplaceReport report;
  std::vector<std::string> warnings;  // hooks that failed afterwards
  std::chrono::nanoseconds duration{};
};

// Throws Error(verification) for a service that failed when the snapshot was made, or whose probes
// do not pass; Error(usage) if the recipe cannot replace or is another than the snapshot's. The
// service's hooks run around the replacement as they do around a backup.
ReplaceResult replace_service(const ReplaceRequest& request, Environment& environment);

}  // namespace lifeboat
