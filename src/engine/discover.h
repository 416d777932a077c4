// What there is on a host to protect, and what of it the configuration protects.
//
// Places that hold data are listed, not containers: named volumes, folders that containers mount,
// the host's own databases, known paths. Each is covered (a service that a job names takes it),
// skipped (somebody said why, or it is of a kind that holds nothing to keep) or NOT COVERED. In
// doubt it is not covered: a row too many costs a line in the configuration, one too few the data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/stop.h"
#include "docker/docker.h"
#include "recipe/recipe.h"

namespace lifeboat {

enum class Coverage { covered, skipped, not_covered };

// A service that would cover a place, as the configuration would have it.
struct Proposal {
  std::string name;
  std::string recipe;
  std::vector<std::pair<std::string, std::string>> options;  // in order; lists are written [a]
};

struct DiscoveredPlace {
  std::string type;                     // "volume", "folder", "container", "database", "path"
  std::string name;                     // of the volume or container; else the path
  std::vector<std::string> containers;  // that use it, sorted
  std::string image;                    // of the first of them
  std::optional<uint64_t> bytes;        // nothing: it cannot be read from here
  bool is_larger = false;               // than `bytes`: counting ended there
  std::string strategy;                 // the recipe that takes it, or would
  Coverage coverage = Coverage::not_covered;
  std::string reason;                // "service n8n, job nightly", the reason for skipping, a note
  std::optional<Proposal> proposal;  // of what is not covered
};

// A configured service and the jobs that name it; with none it covers nothing.
struct CoveringService {
  Service service;
  std::vector<std::string> jobs;
};

// Of which places the size is wanted: each is a walk over its files.
enum class Measured { none, not_covered, all };

struct DiscoverRequest {
  std::vector<CoveringService> services;
  std::map<std::string, std::string> skip;  // volume, container or path -> reason
  DockerOptions docker;
  std::vector<std::filesystem::path> own;  // folders of ours: the store, the spool, the state
  bool with_paths = true;                  // also known paths and databases of the host
  Measured sizes = Measured::all;
  std::filesystem::path root = "/";  // where known paths begin; for tests
};

struct Discovery {
  std::vector<DiscoveredPlace> places;    // not covered ones first, then by type and name
  std::vector<std::string> warnings;      // what could not be looked at
  std::vector<std::string> unused_skips;  // entries of `skip` that mean nothing here

  size_t uncovered() const;
};

// A missing engine is told as a warning; one that fails is an Error(service).
Discovery discover(const DiscoverRequest& request, const RecipeRegistry& recipes, Clock& clock);

// A text in the quotes that a configuration takes, whatever is in it.
std::string quote_for_config(std::string_view text);
// A part of a configuration with all proposals, ready to be copied; "" without any.
std::string print_proposals(const Discovery& discovery);

}  // namespace lifeboat
