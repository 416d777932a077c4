#include "recipe/grafana/import.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/grafana/export_files.h"
#include "recipe/grafana/import_parts.h"

namespace lifeboat {
namespace {

// The organization that takes in the export's `org`; one is made if a server admin asks.
int64_t target_of(GrafanaApi& api, const RestoredOrg& org, std::vector<GrafanaOrg>& targets) {
  for (const GrafanaOrg& target : targets) {
    if (target.name == org.name) return target.id;
  }
  // The first organization is there from Grafana's birth, whatever it is called.
  for (const GrafanaOrg& target : targets) {
    if (target.id == org.id && org.id == 1) return target.id;
  }
  const GrafanaAnswer made = api.send("POST", "/api/orgs", {{"name", org.name}});
  const int64_t id = grafana_number(made.value, "orgId", "the new organization");
  targets.push_back({id, org.name});
  return id;
}

void import_org(OrgImport& org) {
  import_folders(org);
  import_sources(org);
  import_elements(org);
  import_dashboards(org);
  import_teams(org);
  import_permissions(org);
  import_alerting(org);
  import_annotations(org);
  import_preferences(org);
}

std::string print_tally(const std::string& kind, const OrgImport::Tally& tally) {
  std::string told = format("{}: {} made, {} overwritten", kind, tally.made, tally.overwritten);
  if (tally.left > 0) told += format(", {} left as they were", tally.left);
  return told;
}

}  // namespace

void OrgImport::each(const char* kind, const std::function<void(const Json&)>& visit) {
  visit_export(folder / kind, [&](const std::filesystem::path& file, const Json& one) {
    stop.throw_if_stopped();
    with_context([&] { return format("import {}/{}", kind, printable(file.stem().native())); },
                 [&] { visit(one); });
  });
}

Json picked(const Json& from, std::initializer_list<const char*> names) {
  Json made = Json::object();
  for (const char* name : names) {
    const auto found = from.find(name);
    if (found != from.end()) made[name] = *found;
  }
  return made;
}

GrafanaImport import_grafana(GrafanaApi& api, const std::filesystem::path& service_folder,
                             const GrafanaSourceSecrets& secrets, const StopToken& stop) {
  GrafanaImport report;
  const std::vector<RestoredOrg> orgs = restored_orgs(service_folder);
  if (orgs.empty()) {
    throw Error(ErrorKind::service,
                format("import into Grafana: there is no {} in the backup", grafana_export_folder));
  }
  api.use_org(0);
  bool is_all = false;
  std::vector<GrafanaOrg> targets = api.orgs(is_all);
  for (const RestoredOrg& source : orgs) {
    const bool is_own = orgs.size() == 1 || source.name == targets.front().name;
    if (!is_all && !is_own) {
      report.notes.push_back(
          format("Organization '{}' was left out: the token or user is of '{}' alone.",
                 printable(source.name), printable(targets.front().name)));
      continue;
    }
    int64_t target = targets.front().id;
    if (is_all) {
      api.use_org(0);
      target = target_of(api, source, targets);
      api.use_org(target);
    }
    OrgImport org{api, source.folder, source.id, target, secrets, report, stop};
    with_context(format("organization '{}'", printable(source.name)), [&] {
      try {
        import_org(org);
      } catch (const nlohmann::json::exception&) {  // its words quote the content
        throw Error(ErrorKind::service, "import into Grafana: something is of another form");
      }
    });
    std::vector<std::string> parts;
    for (const auto& [kind, tally] : org.tallies) parts.push_back(print_tally(kind, tally));
    report.done.push_back(
        format("Organization '{}': {}.", printable(source.name), join(parts, "; ")));
  }
  api.use_org(0);
  return report;
}

}  // namespace lifeboat
