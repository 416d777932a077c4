// Folders, data sources, library elements and dashboards of an import.
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/grafana/import_parts.h"

namespace lifeboat {
namespace {

// A PUT or PATCH where it is there, else a POST.
void import_folder(OrgImport& org, const Json& folder) {
  const std::string uid = grafana_text(folder, "uid", "a folder");
  const std::string parent = grafana_text_or_empty(folder, "parentUid");
  const std::string place = "/api/folders/" + percent_encode(uid);
  const GrafanaAnswer live = org.api.ask(place, {404});
  if (live.status == 404) {
    Json body = picked(folder, {"uid", "title"});
    if (!parent.empty()) body["parentUid"] = parent;
    org.api.send("POST", "/api/folders", body);
    ++org.tallies["folders"].made;
    return;
  }
  if (grafana_text_or_empty(live.value, "title") != grafana_text(folder, "title", "a folder")) {
    org.api.send("PUT", place, {{"title", folder["title"]}, {"overwrite", true}});
  }
  if (grafana_text_or_empty(live.value, "parentUid") != parent) {
    org.api.send("POST", place + "/move", {{"parentUid", parent}});
  }
  ++org.tallies["folders"].overwritten;
}

// The secrets to send: those that the live data source does not have.
Json secrets_for(const OrgImport& org, const std::string& uid, const Json& live_fields) {
  Json made = Json::object();
  const auto found = org.secrets.find({org.source_org, uid});
  if (found == org.secrets.end()) return made;
  for (const auto& [name, value] : found->second) {
    if (!live_fields.contains(name)) made[name] = value.reveal();
  }
  return made;
}

void import_source(OrgImport& org, const Json& source) {
  const std::string uid = grafana_text(source, "uid", "a data source");
  const std::string place = "/api/datasources/uid/" + percent_encode(uid);
  Json body =
      picked(source, {"uid", "name", "type", "access", "url", "database", "user", "basicAuth",
                      "basicAuthUser", "withCredentials", "isDefault", "jsonData"});
  const GrafanaAnswer live = org.api.ask(place, {404});
  const bool is_new = live.status == 404;
  const Json none = Json::object();
  const Json fields = is_new ? none : live.value.value("secureJsonFields", none);
  const Json secrets = secrets_for(org, uid, fields);
  if (!secrets.empty()) body["secureJsonData"] = secrets;
  std::vector<std::string> lost;
  const Json wanted = source.value("secureJsonFields", none);
  for (const auto& [name, is_set] : wanted.items()) {
    if (!secrets.contains(name) && !fields.contains(name)) lost.push_back(printable(name));
  }
  if (!lost.empty()) {
    org.note(format("Data source '{}' needs its secrets again: {}. The backup does not hold them.",
                    printable(grafana_text_or_empty(source, "name")), join(lost, ", ")));
  }
  if (is_new) {
    org.api.send("POST", "/api/datasources", body);
    ++org.tallies["data sources"].made;
  } else if (live.value.value("readOnly", false)) {
    ++org.tallies["data sources"].left;
  } else {
    org.api.send("PUT", place, body);
    ++org.tallies["data sources"].overwritten;
  }
}

void import_element(OrgImport& org, const Json& element) {
  const std::string uid = grafana_text(element, "uid", "a library element");
  const std::string place = "/api/library-elements/" + percent_encode(uid);
  Json body = picked(element, {"uid", "name", "kind", "model", "folderUid"});
  const GrafanaAnswer live = org.api.ask(place, {404});
  if (live.status == 404) {
    org.api.send("POST", "/api/library-elements", body);
    ++org.tallies["library elements"].made;
    return;
  }
  const Json result = live.value.value("result", Json::object());
  body["version"] = grafana_number(result, "version", "a library element");
  org.api.send("PATCH", place, body);
  ++org.tallies["library elements"].overwritten;
}

// A dashboard of the schema v2, by the newer API.
void import_resource(OrgImport& org, const std::string& uid, Json resource) {
  const std::string named = grafana_text(resource, "apiVersion", "a dashboard");
  const std::string place = grafana_resources(named.substr(named.find('/') + 1), org.target_org);
  const GrafanaAnswer live = org.api.ask(place + "/" + percent_encode(uid), {404});
  if (live.status == 404) {
    org.api.send("POST", place, resource);
    ++org.tallies["dashboards"].made;
    return;
  }
  const Json metadata = live.value.value("metadata", Json::object());
  resource["metadata"]["resourceVersion"] = grafana_text_or_empty(metadata, "resourceVersion");
  org.api.send("PUT", place + "/" + percent_encode(uid), resource);
  ++org.tallies["dashboards"].overwritten;
}

void import_dashboard(OrgImport& org, const Json& file) {
  const Json meta = file.value("meta", Json::object());
  Json dashboard = file.value("dashboard", Json::object());
  const std::string uid = grafana_text(dashboard, "uid", "a dashboard");
  if (dashboard.contains("resource")) return import_resource(org, uid, dashboard["resource"]);
  const GrafanaAnswer live = org.api.ask("/api/dashboards/uid/" + percent_encode(uid), {404, 406});
  const bool is_new = live.status == 404;
  if (!is_new && live.value.value("meta", Json::object()).value("provisioned", false)) {
    ++org.tallies["dashboards"].left;
    org.note(format("Dashboard '{}' was left as it is: a file of Grafana's provisioning owns it.",
                    printable(uid)));
    return;
  }
  dashboard["id"] = nullptr;
  dashboard.erase("version");
  Json body = {{"dashboard", std::move(dashboard)},
               {"folderUid", grafana_text_or_empty(meta, "folderUid")},
               {"overwrite", true},
               {"message", "restored by Lifeboat"}};
  org.api.send("POST", "/api/dashboards/db", body);
  ++(is_new ? org.tallies["dashboards"].made : org.tallies["dashboards"].overwritten);
}

}  // namespace

void import_folders(OrgImport& org) {
  std::map<std::string, Json> waiting;
  org.each("folders", [&](const Json& folder) {
    waiting.emplace(grafana_text(folder, "uid", "a folder"), folder);
  });
  // Whatever has no parent that still waits can go; a round without one is a ring.
  while (!waiting.empty()) {
    std::vector<std::string> ready;
    for (const auto& [uid, folder] : waiting) {
      if (!waiting.contains(grafana_text_or_empty(folder, "parentUid"))) ready.push_back(uid);
    }
    if (ready.empty()) {
      throw Error(ErrorKind::service,
                  format("import folders: '{}' and others are each inside another",
                         printable(waiting.begin()->first)));
    }
    for (const std::string& uid : ready) {
      with_context(format("import folders/{}", printable(uid)),
                   [&] { import_folder(org, waiting.at(uid)); });
      waiting.erase(uid);
    }
  }
}

void import_sources(OrgImport& org) {
  org.each("datasources", [&](const Json& one) { import_source(org, one); });
}

void import_elements(OrgImport& org) {
  org.each("library-elements", [&](const Json& one) { import_element(org, one); });
}

void import_dashboards(OrgImport& org) {
  org.each("dashboards", [&](const Json& one) { import_dashboard(org, one); });
}

}  // namespace lifeboat
