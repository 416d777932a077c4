// The archive's own members: what a person finds first when only the archive is left.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "recipe/recipe.h"
#include "snapshot/layout.h"
#include "snapshot/manifest.h"

namespace lifeboat {

struct ArchiveNotes {
  std::string host;
  std::string job;
  Timestamp started{};
  SnapshotId id;
};

struct NotedService {
  const Service* service = nullptr;
  const Recipe* recipe = nullptr;
  const Facts* facts = nullptr;
};

// RESTORE.md: how to restore each service by hand with stock tools; real names, no secrets.
std::string print_restore_card(const ArchiveNotes& notes,
                               const std::vector<NotedService>& services);

// RESTORE.md of a single stream.
std::string print_stream_card(const ArchiveNotes& notes, const NotedService& service);

// facts.json: {"format":1,"host",...,"services":{"n8n":{"recipe","facts"}}}
std::string print_facts(const ArchiveNotes& notes, const std::vector<NotedService>& services);

struct ArchivedFacts {
  std::string service;
  std::string recipe;
  Facts facts;
};
// Strict inverse of `print_facts`; throws Error(verification).
std::vector<ArchivedFacts> parse_facts(std::string_view text);

// FAILED.md, the last member of a partial archive: which folders are missing or incomplete.
std::string print_failures(const std::vector<const ManifestService*>& failed);

}  // namespace lifeboat
