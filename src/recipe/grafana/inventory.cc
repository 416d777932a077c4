// What an export holds, thing by thing. A fingerprint leaves out what Grafana counts and dates by
// itself, so that a dashboard that was imported again is the same dashboard.
#include <array>
#include <functional>

#include "base/format.h"
#include "crypto/hash.h"
#include "recipe/grafana/api.h"
#include "recipe/grafana/export_files.h"
#include "recipe/grafana/probes.h"
#include "recipe/grafana/restored.h"
#include "recipe/inventory.h"

namespace lifeboat {
namespace {

bool is_volatile(const std::string& name) {
  static const std::set<std::string> names{
      "id",        "version",   "updated",     "created",   "updatedBy",   "createdBy",
      "iteration", "orgId",     "orgID",       "url",       "slug",        "hasAcl",
      "canSave",   "canEdit",   "canAdmin",    "canDelete", "canStar",     "expires",
      "teamId",    "userId",    "memberCount", "avatarUrl", "typeLogoUrl", "accessControl",
      "isStarred", "apiVersion"};
  return names.contains(name);
}

// By name, whatever the order of the wire. "url" is volatile of a dashboard's meta only.
Json canonical(const Json& value, bool is_source) {
  if (value.is_array()) {
    Json made = Json::array();
    for (const Json& one : value) made.push_back(canonical(one, is_source));
    return made;
  }
  if (!value.is_object()) return value;
  std::map<std::string, Json> sorted;
  for (const auto& [name, inner] : value.items()) {
    if (is_volatile(name) && !(is_source && name == "url")) continue;
    sorted.emplace(name, canonical(inner, is_source));
  }
  Json made = Json::object();
  for (auto& [name, inner] : sorted) made[name] = std::move(inner);
  return made;
}

std::string title_of(const Json& one) {
  for (const char* inner : {"dashboard", "team"}) {
    if (one.is_object() && one.contains(inner)) return title_of(one[inner]);
  }
  const std::string title = grafana_text_or_empty(one, "title");
  return title.empty() ? grafana_text_or_empty(one, "name") : title;
}

// The content of `one` that is its own: of a dashboard not what the server says about it.
Json content_of(const std::string& kind, const Json& one) {
  if (kind != "dashboards" || !one.contains("dashboard")) return one;
  return {{"dashboard", one["dashboard"]},
          {"folderUid", grafana_text_or_empty(one["meta"], "folderUid")}};
}

}  // namespace

std::vector<InventoryEntry> inventory_of_grafana(const RestoredService& restored) {
  std::vector<InventoryEntry> entries;
  const std::vector<RestoredOrg> orgs = restored_orgs(restored.directory);
  for (const RestoredOrg& org : orgs) {
    const std::string prefix = orgs.size() > 1 ? format("org {} ", org.id) : "";
    const auto add = [&](const std::string& kind, const std::string& id, const std::string& name,
                         const Json& content) {
      const Json bare = canonical(content, kind == "data source" || kind == "contact point");
      entries.push_back({kind, prefix + id, name.empty() ? id : name,
                         sha256_hex(as_bytes(print_json_line(bare)))});
    };
    for (const GrafanaKind& kind : grafana_kinds()) {
      visit_export(
          org.folder / kind.folder, [&](const std::filesystem::path& file, const Json& one) {
            if (std::string_view(kind.folder) != "alert-rules") {
              add(kind.singular, file.stem().native(), title_of(one), content_of(kind.folder, one));
              return;
            }
            for (const Json& rule : grafana_items(one, "rules")) {
              Json whole = rule;
              if (one.contains("interval")) whole["interval"] = one["interval"];
              add("alert rule", grafana_text_or_empty(rule, "uid"), title_of(rule), whole);
            }
          });
    }
    const Json policies = read_export_or(org.folder / "policies.json", Json());
    if (!policies.is_null()) add("notification policies", "policies", "", policies);
  }
  return entries;
}

}  // namespace lifeboat
