// A restored export, as files: what probes, inventory and import read. Private to the recipe.
#pragma once

#include <filesystem>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/json.h"
#include "recipe/recipe.h"

namespace lifeboat {

// One organization's folder.
struct RestoredOrg {
  std::filesystem::path folder;
  int64_t id = 0;
  std::string name;
};
// Sorted by id. Throws Error(service) if an org.json is missing or broken.
std::vector<RestoredOrg> restored_orgs(const std::filesystem::path& service_folder);

// A JSON file of an export, of 64 MiB at most. Throws Error(service) that names it.
Json read_export(const std::filesystem::path& file);
// The same, `fallback` if there is no such file.
Json read_export_or(const std::filesystem::path& file, Json fallback);
// Calls `visit` with each JSON file of `folder`, sorted by name; none if there is no such folder.
void visit_export(const std::filesystem::path& folder,
                  const std::function<void(const std::filesystem::path&, const Json&)>& visit);
// How many there are, unread.
uint64_t count_export(const std::filesystem::path& folder);

// What a thing of the export refers to.
struct GrafanaReferences {
  std::set<std::string> datasources;  // by uid, or by name in old dashboards
  std::set<std::string> panels;       // library panels, by uid
};
// Of a dashboard's or library element's model, panels in rows included. Variables ("${source}") and
// what Grafana brings itself are left out.
GrafanaReferences references_of(const Json& model);
// The data sources that a file of the export names, one entry a query of a rule and one a dashboard
// or library element; `kind` is its folder.
std::vector<std::string> sources_named_by(const std::string& kind, const Json& file);
// Whether a data source uid is one that Grafana brings itself.
bool is_builtin_source(const std::string& uid);

}  // namespace lifeboat
