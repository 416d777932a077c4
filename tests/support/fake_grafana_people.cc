// The organization, its users and teams, preferences and annotations of the fake Grafana.
//
// Teams are kept as name -> {id, name, email, members: [login]}.
#include <algorithm>

#include "base/format.h"
#include "support/fake_grafana_parts.h"

namespace lifeboat::test {
namespace {

GrafanaReply get_org(GrafanaCall& call) {
  return {200, {{"id", call.org_id}, {"name", call.org["name"]}}};
}

GrafanaReply list_users(GrafanaCall& call) {
  Json all = Json::array();
  for (const auto& [login, user] : call.org["users"].items()) all.push_back(user);
  return {200, all};
}

// ---- teams

Json* find_team(GrafanaCall& call, const std::string& id) {
  for (auto& [name, team] : call.org["teams"].items()) {
    if (format("{}", team["id"].get<int64_t>()) == id) return &team;
  }
  return nullptr;
}

GrafanaReply search_teams(GrafanaCall& call) {
  Json all = Json::array();
  for (const auto& [name, team] : call.org["teams"].items()) {
    Json shown = team;
    shown["memberCount"] = shown["members"].size();
    shown.erase("members");
    all.push_back(std::move(shown));
  }
  const int64_t page = call.number("page", 1);
  const int64_t limit = call.number("perpage", 1000);
  return {200,
          {{"totalCount", all.size()},
           {"teams", page_of(all, page, limit)},
           {"page", page},
           {"perPage", limit}}};
}

GrafanaReply post_team(GrafanaCall& call) {
  if (auto bad = refuse_unknown(call.body, {"name", "email", "orgId"})) return *bad;
  const std::string name = text_of(call.body, "name");
  if (name.empty()) return refuse_call(400, "name is required");
  if (call.org["teams"].contains(name)) return refuse_call(409, "Team name taken");
  const int64_t id = call.next_id++;
  call.org["teams"][name] = {{"id", id},
                             {"uid", format("t{}", id)},
                             {"name", name},
                             {"email", text_of(call.body, "email")},
                             {"members", Json::array()}};
  return {200, {{"message", "Team created"}, {"teamId", id}}};
}

GrafanaReply get_members(GrafanaCall& call) {
  const Json* team = find_team(call, call.arg(0));
  if (team == nullptr) return refuse_call(404, "Team not found");
  Json all = Json::array();
  for (const Json& login : (*team)["members"]) {
    const Json& user = call.org["users"][login.get<std::string>()];
    all.push_back({{"teamId", (*team)["id"]},
                   {"userId", user["userId"]},
                   {"login", login},
                   {"email", user["email"]}});
  }
  return {200, all};
}

GrafanaReply post_member(GrafanaCall& call) {
  if (auto bad = refuse_unknown(call.body, {"userId"})) return *bad;
  Json* team = find_team(call, call.arg(0));
  if (team == nullptr) return refuse_call(404, "Team not found");
  for (const auto& [login, user] : call.org["users"].items()) {
    if (user["userId"] != call.body.at("userId")) continue;
    for (const Json& member : (*team)["members"]) {
      if (member == login) return refuse_call(400, "User is already added to this team");
    }
    (*team)["members"].push_back(login);
    return {200, {{"message", "Member added to Team"}}};
  }
  return refuse_call(404, "user not found");
}

// ---- preferences

GrafanaReply put_preferences(GrafanaCall& call) {
  if (auto bad = refuse_unknown(
          call.body, {"theme", "homeDashboardUID", "timezone", "weekStart", "language"})) {
    return *bad;
  }
  const std::string home = text_of(call.body, "homeDashboardUID");
  if (!home.empty() && !call.org["dashboards"].contains(home)) {
    return refuse_call(404, "Dashboard not found");
  }
  call.org["preferences"] = call.body;
  return {200, {{"message", "Preferences updated"}}};
}

// ---- annotations, newest first

GrafanaReply list_annotations(GrafanaCall& call) {
  const int64_t from = call.number("from", 0);
  const int64_t to = call.number("to", INT64_MAX);
  const int64_t limit = call.number("limit", 100);
  Json fit = Json::array();
  for (const Json& one : call.org["annotations"]) {
    const int64_t time = one["time"].get<int64_t>();
    if (time >= from && time <= to) fit.push_back(one);
  }
  std::stable_sort(fit.begin(), fit.end(), [](const Json& left, const Json& right) {
    return left["time"].get<int64_t>() > right["time"].get<int64_t>();
  });
  return {200, page_of(fit, 1, limit)};
}

GrafanaReply post_annotation(GrafanaCall& call) {
  if (auto bad = refuse_unknown(call.body,
                                {"dashboardUID", "panelId", "time", "timeEnd", "tags", "text"})) {
    return *bad;
  }
  if (text_of(call.body, "text").empty()) return refuse_call(400, "text field should not be empty");
  const std::string dashboard = text_of(call.body, "dashboardUID");
  if (!dashboard.empty() && !call.org["dashboards"].contains(dashboard)) {
    return refuse_call(404, "Dashboard not found");
  }
  Json made = call.body;
  made["id"] = call.next_id++;
  made["alertId"] = 0;
  call.org["annotations"].push_back(made);
  return {200, {{"message", "Annotation added"}, {"id", made["id"]}}};
}

}  // namespace

void add_people_routes(std::vector<GrafanaRoute>& routes) {
  routes.push_back({"GET", "/api/org", "viewer", get_org});
  routes.push_back({"GET", "/api/org/users", "admin", list_users});
  routes.push_back({"GET", "/api/org/preferences", "admin", [](GrafanaCall& call) {
                      return GrafanaReply{200, call.org["preferences"]};
                    }});
  routes.push_back({"PUT", "/api/org/preferences", "admin", put_preferences});
  routes.push_back({"GET", "/api/teams/search", "admin", search_teams});
  routes.push_back({"POST", "/api/teams", "admin", post_team});
  routes.push_back({"GET", "/api/teams/:/members", "admin", get_members});
  routes.push_back({"POST", "/api/teams/:/members", "admin", post_member});
  routes.push_back({"GET", "/api/annotations", "viewer", list_annotations});
  routes.push_back({"POST", "/api/annotations", "admin", post_annotation});
}

}  // namespace lifeboat::test
