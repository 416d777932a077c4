// Dashboards and permissions of the fake Grafana.
//
// Kept as uid -> {folderUid, provisioned, dashboard, permissions}.
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

GrafanaReply get_dashboard(GrafanaCall& call) {
  if (!call.org["dashboards"].contains(call.arg(0))) {
    return refuse_call(404, "Dashboard not found");
  }
  const Json& kept = call.org["dashboards"][call.arg(0)];
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
