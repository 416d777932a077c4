// An export put into a running Grafana, thing by thing: what is not there is made, what is there
// under the same uid (teams, templates, mute timings: name) is overwritten, and nothing is deleted.
// Private to the recipe.
//
// The order follows the references: folders (parents first), data sources, library elements,
// dashboards, teams, permissions, templates, mute timings, contact points, policies, rules,
// annotations, preferences.
//
// Numeric ids are the instance's own and never sent. What a file of Grafana's own provisioning owns
// cannot be written by the API and is left as it is; what came by the API ("provenance") is written
// in the same way, so that it stays locked or free in the UI as it was. Secrets of data sources are
// given where the live one lacks them; those of contact points come from the export's second file.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "recipe/grafana/api.h"
#include "recipe/grafana/secrets.h"

namespace lifeboat {

struct GrafanaImport {
  std::vector<std::string> done;   // sentences: "12 dashboards: 3 made, 9 overwritten."
  std::vector<std::string> notes;  // sentences: what was left, and what a person has to do
};

// `service_folder` holds export/. Throws Error(service) that says at what it stopped; what was
// written until then stays.
GrafanaImport import_grafana(GrafanaApi& api, const std::filesystem::path& service_folder,
                             const GrafanaSourceSecrets& secrets, const StopToken& stop);

}  // namespace lifeboat
