// Everything that Grafana's API gives, organization by organization. Private to the recipe.
//
// Nothing locks Grafana while it is asked. What is listed is fetched one by one and then listed
// again, until two lists agree and everything on them was fetched: so nothing is missing that was
// there from the first list to the last, and a thing that came or went meanwhile is told by neither
// or fetched.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "recipe/grafana/api.h"
#include "recipe/grafana/export_files.h"

namespace lifeboat {

struct GrafanaExportOptions {
  uint64_t annotation_days = 0;  // 0: none
  bool with_secrets = true;      // contact points' secrets, if Grafana gives them
};

struct GrafanaExport {
  std::map<std::string, uint64_t> counts;  // by the key of an item, over all organizations
  std::vector<GrafanaOrg> orgs;
  // How often a data source is named that is not there; dashboards outlive data sources.
  uint64_t dangling_sources = 0;
  std::vector<std::string> missing;   // sentences
  std::vector<std::string> warnings;  // sentences
  std::string version;
};

// Throws Error(service) if folders, dashboards or data sources cannot be had whole; what else the
// token may not see is left out, and told.
GrafanaExport export_grafana(GrafanaApi& api, const GrafanaExportOptions& options,
                             RecipeContext& context, ExportFiles& files);

}  // namespace lifeboat
