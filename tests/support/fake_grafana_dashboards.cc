// Dashboards and permissions of the fake Grafana.
//
// Kept as uid -> {folderUid, provisioned, dashboard, permissions}; a dashboard of the schema v2 has
// its "spec" besides, and is refused by the older API.
#include "base/format.h"
#include "support/fake_grafana_parts.h"

namespace lifeboat::test {
namespace {

GrafanaReply search(GrafanaCall& call) {
  Json all = Json::array();
  for (const auto& [uid, kept] : call.org["dashboards"].items()) {
    Json hit = {{"id", kept["dashboard"]["id"]},
                {"uid", uid},
                {"title", kept["dashboard"]["title"]},
                {"type", "dash-db"}};
    if (!text_of(kept, "folderUid").empty()) hit["folderUid"] = kept["folderUid"];
    all.push_back(std::move(hit));
  }
  const auto type = call.query.find("type");
  if (type == call.query.end() || type->second != "dash-db") {
    return refuse_call(400, "the fake searches for type=dash-db alone");
  }
  const int64_t limit = call.number("limit", 1000);
  if (limit > 5000) return refuse_call(422, "limit is too high");
  return {200, page_of(all, call.number("page", 1), limit)};
}

std::string namespace_of(const GrafanaCall& call) {
  return call.org_id == 1 ? "default" : format("org-{}", call.org_id);
}

// ---- the newer API, for the schema v2: args are namespace and name

GrafanaReply get_resource(GrafanaCall& call) {
  if (call.arg(0) != namespace_of(call)) return refuse_call(403, "another namespace");
  const Json& all = call.org["dashboards"];
  if (!all.contains(call.arg(1)) || !all[call.arg(1)].contains("spec")) {
    return refuse_call(404, "dashboards.dashboard.grafana.app not found");
  }
  const Json& kept = all[call.arg(1)];
  return {200,
          {{"apiVersion", "dashboard.grafana.app/v2beta1"},
           {"kind", "Dashboard"},
           {"metadata",
            {{"name", call.arg(1)},
             {"resourceVersion", format("{}", kept["dashboard"]["version"].get<int64_t>())},
             {"creationTimestamp", "2026-01-01T00:00:00Z"},
             {"annotations", {{"grafana.app/folder", kept["folderUid"]}}}}},
           {"spec", kept["spec"]}}};
}

GrafanaReply keep_resource(GrafanaCall& call, const std::string& name) {
  if (call.arg(0) != namespace_of(call)) return refuse_call(403, "another namespace");
  if (auto bad = refuse_unknown(call.body, {"apiVersion", "kind", "metadata", "spec"})) return *bad;
  if (auto bad =
          refuse_unknown(call.body.at("metadata"), {"name", "annotations", "resourceVersion"})) {
    return *bad;
  }
  if (text_of(call.body, "apiVersion") != "dashboard.grafana.app/v2beta1" ||
      text_of(call.body["metadata"], "name") != name) {
    return refuse_call(400, "the resource does not fit its place");
  }
  std::string folder;
  if (call.body["metadata"].contains("annotations")) {
    folder = text_of(call.body["metadata"]["annotations"], "grafana.app/folder");
  }
  if (!has_folder(call.org, folder)) return refuse_call(404, "folder not found");
  Json& kept = call.org["dashboards"][name];
  const int64_t version = kept.is_null() ? 0 : kept["dashboard"]["version"].get<int64_t>();
  kept["folderUid"] = folder;
  kept["provisioned"] = false;
  if (!kept.contains("permissions")) kept["permissions"] = Json::array();
  kept["spec"] = call.body.at("spec");
  kept["dashboard"] = {{"id", call.next_id++},
                       {"uid", name},
                       {"title", text_of(kept["spec"], "title")},
                       {"version", version + 1}};
  return {version == 0 ? 201 : 200, call.body};
}

GrafanaReply post_resource(GrafanaCall& call) {
  const std::string name = text_of(call.body.at("metadata"), "name");
  if (call.org["dashboards"].contains(name)) return refuse_call(409, "it already exists");
  return keep_resource(call, name);
}

GrafanaReply put_resource(GrafanaCall& call) {
  const Json& all = call.org["dashboards"];
  if (!all.contains(call.arg(1))) return refuse_call(404, "not found");
  const int64_t version = all[call.arg(1)]["dashboard"]["version"].get<int64_t>();
  if (text_of(call.body.at("metadata"), "resourceVersion") != format("{}", version)) {
    return refuse_call(409, "the object has been modified");
  }
  return keep_resource(call, call.arg(1));
}

GrafanaReply get_dashboard(GrafanaCall& call) {
  if (!call.org["dashboards"].contains(call.arg(0))) {
    return refuse_call(404, "Dashboard not found");
  }
  const Json& kept = call.org["dashboards"][call.arg(0)];
  if (kept.contains("spec")) {
    return refuse_call(406,
                       format("dashboard api version not supported, use "
                              "/apis/dashboard.grafana.app/v2beta1/namespaces/{}/dashboards/{} "
                              "instead",
                              namespace_of(call), call.arg(0)));
  }
  return {200,
          {{"meta",
            {{"type", "db"},
             {"folderUid", kept["folderUid"]},
             {"provisioned", kept.value("provisioned", false)},
             {"version", kept["dashboard"]["version"]},
             {"created", "2026-01-01T00:00:00Z"},
             {"updated", "2026-01-02T00:00:00Z"}}},
           {"dashboard", kept["dashboard"]}}};
}

// A library panel of a dashboard must exist, or it shows "could not be found".
std::optional<GrafanaReply> refuse_panels(const Json& org, const Json& dashboard) {
  const auto panels = dashboard.find("panels");
  if (panels == dashboard.end()) return std::nullopt;
  for (const Json& panel : *panels) {
    if (!panel.contains("libraryPanel")) continue;
    const std::string uid = text_of(panel["libraryPanel"], "uid");
    if (!org["library_elements"].contains(uid)) {
      return refuse_call(404, format("library element '{}' could not be found", uid));
    }
  }
  return std::nullopt;
}

GrafanaReply post_dashboard(GrafanaCall& call) {
  if (auto bad = refuse_unknown(call.body, {"dashboard", "folderUid", "overwrite", "message"})) {
    return *bad;
  }
  Json dashboard = call.body.at("dashboard");
  const std::string uid = text_of(dashboard, "uid");
  const std::string folder = text_of(call.body, "folderUid");
  if (dashboard.contains("id") && !dashboard["id"].is_null()) {
    return refuse_call(404, "Dashboard not found");
  }
  if (auto bad = refuse_uid(uid)) return *bad;
  if (text_of(dashboard, "title").empty()) {
    return refuse_call(400, "Dashboard title cannot be empty");
  }
  if (!has_folder(call.org, folder)) return refuse_call(400, "folder not found");
  if (auto bad = refuse_panels(call.org, dashboard)) return *bad;
  Json& all = call.org["dashboards"];
  int64_t version = 1;
  int64_t id = call.next_id;
  Json permissions = Json::array();
  if (all.contains(uid)) {
    const Json& old = all[uid];
    if (old.value("provisioned", false)) {
      return refuse_call(400, "Cannot save provisioned dashboard");
    }
    if (!call.body.value("overwrite", false) &&
        dashboard.value("version", int64_t{0}) != old["dashboard"]["version"].get<int64_t>()) {
      return {412,
              {{"message", "The dashboard has been changed by someone else"},
               {"status", "version-mismatch"}}};
    }
    version = old["dashboard"]["version"].get<int64_t>() + 1;
    id = old["dashboard"]["id"].get<int64_t>();
    permissions = old["permissions"];
  } else {
    ++call.next_id;
  }
  const std::string made = uid.empty() ? format("b{}", id) : uid;
  dashboard["id"] = id;
  dashboard["uid"] = made;
  dashboard["version"] = version;
  all[made] = {{"folderUid", folder},
               {"provisioned", false},
               {"dashboard", std::move(dashboard)},
               {"permissions", std::move(permissions)}};
  return {200, {{"id", id}, {"uid", made}, {"status", "success"}, {"version", version}}};
}

// ---- permissions, of folders and dashboards alike

GrafanaReply get_permissions(Json& all, const std::string& uid) {
  if (!all.contains(uid)) return refuse_call(404, "not found");
  return {200, all[uid]["permissions"]};
}

GrafanaReply post_permissions(GrafanaCall& call, Json& all) {
  if (!all.contains(call.arg(0))) return refuse_call(404, "not found");
  if (auto bad = refuse_unknown(call.body, {"items"})) return *bad;
  Json made = Json::array();
  for (Json item : call.body.at("items")) {
    if (auto bad = refuse_unknown(item, {"role", "permission", "teamId", "userId"})) return *bad;
    if (item.contains("teamId")) {
      const int64_t id = item["teamId"].get<int64_t>();
      bool is_known = false;
      for (const auto& [name, team] : call.org["teams"].items()) {
        if (team["id"] != id) continue;
        is_known = true;
        item["team"] = name;
      }
      if (!is_known) return refuse_call(400, "team not found");
    }
    if (item.contains("userId")) {
      bool is_known = false;
      for (const auto& [login, user] : call.org["users"].items()) {
        if (user["userId"] != item["userId"]) continue;
        is_known = true;
        item["userLogin"] = login;
      }
      if (!is_known) return refuse_call(400, "user not found");
    }
    item["inherited"] = false;
    made.push_back(std::move(item));
  }
  all[call.arg(0)]["permissions"] = std::move(made);
  return {200, {{"message", "Permissions updated"}}};
}

}  // namespace

void add_dashboard_routes(std::vector<GrafanaRoute>& routes) {
  routes.push_back({"GET", "/api/search", "viewer", search});
  routes.push_back({"GET", "/api/dashboards/uid/:", "viewer", get_dashboard});
  routes.push_back({"POST", "/api/dashboards/db", "admin", post_dashboard});
  const std::string resources = "/apis/dashboard.grafana.app/v2beta1/namespaces/:/dashboards";
  routes.push_back({"GET", resources + "/:", "viewer", get_resource});
  routes.push_back({"POST", resources, "admin", post_resource});
  routes.push_back({"PUT", resources + "/:", "admin", put_resource});
  routes.push_back({"GET", "/api/dashboards/uid/:/permissions", "admin", [](GrafanaCall& call) {
                      return get_permissions(call.org["dashboards"], call.arg(0));
                    }});
  routes.push_back({"POST", "/api/dashboards/uid/:/permissions", "admin", [](GrafanaCall& call) {
                      return post_permissions(call, call.org["dashboards"]);
                    }});
  routes.push_back({"GET", "/api/folders/:/permissions", "admin", [](GrafanaCall& call) {
                      return get_permissions(call.org["folders"], call.arg(0));
                    }});
  routes.push_back({"POST", "/api/folders/:/permissions", "admin",
                    [](GrafanaCall& call) { return post_permissions(call, call.org["folders"]); }});
}

}  // namespace lifeboat::test
