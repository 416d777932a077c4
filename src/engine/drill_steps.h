// The steps that a drill and its sabotage share.
#pragma once

#include <filesystem>
#include <string_view>
#include <vector>

#include "engine/archive_notes.h"
#include "engine/drill.h"

namespace lifeboat {

class DrillSteps {
 public:
  // All must outlive it.
  DrillSteps(const DrillRequest& request, const Manifest& manifest, Environment& environment)
      : request_(request), manifest_(manifest), environment_(environment) {}

  // Everything of `store` (the environment's, or a damaged view of it) into `root`, hash by hash.
  void extract(Store& store, const std::filesystem::path& root);
  // What is on disk against the index; facts.json against the manifest.
  std::vector<ProbeResult> probe_archive(const std::filesystem::path& root);
  // The service's own probes. One that the manifest calls failed is only reported as such.
  DrilledService probe_service(const std::filesystem::path& root, const ManifestService& service);
  // The restored service as its recipe sees it.
  RestoredService restored(const std::filesystem::path& root, const std::string& service);

 private:
  const ArchivedFacts* facts_of(const std::filesystem::path& root, const std::string& service);

  const DrillRequest& request_;
  const Manifest& manifest_;
  Environment& environment_;
  std::vector<ArchivedFacts> facts_;
};

}  // namespace lifeboat
