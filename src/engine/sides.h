// The two sides that a comparison has: what a snapshot holds, and what a live service holds now,
// each as a folder that a recipe can ask.
//
// The live side is made by the service's own plan, so that dumps are judged, databases are read
// under their locks and containers stand still exactly as in a backup. Comparing with a plain look
// at the live files would tell differences that are none, and miss those inside a server.
#pragma once

#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "codec/age/age.h"
#include "engine/archive_notes.h"
#include "engine/backup.h"
#include "engine/environment.h"
#include "snapshot/layout.h"
#include "snapshot/manifest.h"

namespace lifeboat {

// Services of one snapshot in a private folder; every hash matched.
class SnapshotSide {
 public:
  // Extracts `services` (all if empty) into the new folder `target`. A service that the manifest
  // calls failed is left out, or Error(verification) if it was asked for.
  SnapshotSide(const SnapshotId& id, const std::vector<std::string>& services,
               const std::filesystem::path& target, std::span<const age::Identity> identities,
               Environment& environment);

  const Manifest& manifest() const { return manifest_; }
  RestoredService restored(const std::string& service) const;

 private:
  Manifest manifest_;
  std::filesystem::path root_;
  std::vector<ArchivedFacts> facts_;
};

// A service as its plan hands it out now, in the new folder `target`. Its hooks run around it.
// Throws Error(service) where a backup would fail the service. `warnings` get what the plan says.
RestoredService read_live(const BackupService& configured, const std::filesystem::path& target,
                          Environment& environment, std::vector<std::string>& warnings);

}  // namespace lifeboat
