// Teams, permissions, preferences and annotations of an import. Users are not made: the API gives
// no password of theirs; a team takes in those members that are there.
#include "base/format.h"
#include "base/text.h"
#include "recipe/grafana/import_parts.h"

namespace lifeboat {
namespace {

std::map<std::string, int64_t> ids_by_name(const Json& all, const char* name, const char* id) {
  std::map<std::string, int64_t> ids;
  for (const Json& one : all) {
    ids[grafana_text_or_empty(one, name)] = grafana_number(one, id, "a list of Grafana");
  }
  return ids;
}

std::map<std::string, int64_t> live_users(OrgImport& org) {
  return ids_by_name(org.api.get("/api/org/users"), "login", "userId");
}

std::map<std::string, int64_t> live_teams(OrgImport& org) {
  std::map<std::string, int64_t> ids;
  const auto teams = [](const Json& answer) -> const Json& {
    return grafana_items(answer, "teams");
  };
  for (const auto& [name, team] : org.api.list("/api/teams/search?perpage=500", "name", teams)) {
    ids[name] = grafana_number(team, "id", "a team");
  }
  return ids;
}

void import_team(OrgImport& org, const Json& file, std::map<std::string, int64_t>& teams,
                 const std::map<std::string, int64_t>& users) {
  const Json team = file.value("team", Json::object());
  const std::string name = grafana_text(team, "name", "a team");
  if (!teams.contains(name)) {
    const GrafanaAnswer made = org.api.send("POST", "/api/teams", picked(team, {"name", "email"}));
    teams[name] = grafana_number(made.value, "teamId", "the new team");
    ++org.tallies["teams"].made;
  } else {
    ++org.tallies["teams"].overwritten;
  }
  const std::string place = format("/api/teams/{}/members", teams[name]);
  const std::map<std::string, int64_t> there = ids_by_name(org.api.get(place), "login", "userId");
  std::vector<std::string> absent;
  for (const Json& member : grafana_items(file, "members")) {
    const std::string login = grafana_text(member, "login", "a member of a team");
    const auto user = users.find(login);
    if (user == users.end()) {
      absent.push_back(printable(login));
    } else if (!there.contains(login)) {
      org.api.send("POST", place, {{"userId", user->second}});
    }
  }
  if (!absent.empty()) {
    org.note(format("Team '{}' lacks members that Grafana does not know: {}.", printable(name),
                    join(absent, ", ")));
  }
}

// What Grafana takes of what it gave; nothing for a permission that comes from a folder above, or
// whose team or user is not there.
std::optional<Json> permission_of(const Json& given, const std::map<std::string, int64_t>& teams,
                                  const std::map<std::string, int64_t>& users, bool& is_lost) {
  if (given.value("inherited", false)) return std::nullopt;
  Json item = picked(given, {"permission"});
  const std::string team = grafana_text_or_empty(given, "team");
  const std::string login = grafana_text_or_empty(given, "userLogin");
  const std::string role = grafana_text_or_empty(given, "role");
  if (!team.empty()) {
    if (!teams.contains(team)) is_lost = true;
    if (is_lost) return std::nullopt;
    item["teamId"] = teams.at(team);
  } else if (!login.empty()) {
    if (!users.contains(login)) is_lost = true;
    if (is_lost) return std::nullopt;
    item["userId"] = users.at(login);
  } else if (!role.empty()) {
    item["role"] = role;
  } else {
    return std::nullopt;
  }
  return item;
}

}  // namespace

void import_teams(OrgImport& org) {
  if (org.folder.empty() || count_export(org.folder / "teams") == 0) return;
  std::map<std::string, int64_t> teams = live_teams(org);
  const std::map<std::string, int64_t> users = live_users(org);
  org.each("teams", [&](const Json& one) { import_team(org, one, teams, users); });
}

void import_permissions(OrgImport& org) {
  const std::map<std::string, int64_t> teams = live_teams(org);
  const std::map<std::string, int64_t> users = live_users(org);
  const auto import_kind = [&](const char* kind, const char* of, const std::string& place) {
    visit_export(org.folder / kind, [&](const std::filesystem::path& file, const Json& given) {
      // The file has the name of what it is about, whose own file tells the uid.
      const Json about = read_export_or(org.folder / of / file.filename(), Json());
      if (about.is_null()) return;
      const Json& bare = about.contains("dashboard") ? about["dashboard"] : about;
      const std::string uid = grafana_text(bare, "uid", "an export");
      const bool is_left = about.contains("meta") && about["meta"].value("provisioned", false);
      if (is_left) return;
      Json items = Json::array();
      for (const Json& one : given) {
        bool is_lost = false;
        if (auto item = permission_of(one, teams, users, is_lost)) items.push_back(*item);
        if (is_lost) {
          org.note(format("A permission of '{}' was left out: its user or team is not there.",
                          printable(uid)));
        }
      }
      // None of its own: what it inherits is not to be cut off.
      if (items.empty()) return;
      org.api.send("POST", place + percent_encode(uid) + "/permissions", {{"items", items}});
    });
  };
  import_kind("folder-permissions", "folders", "/api/folders/");
  import_kind("dashboard-permissions", "dashboards", "/api/dashboards/uid/");
}

void import_preferences(OrgImport& org) {
  const Json kept = read_export_or(org.folder / "preferences.json", Json::object());
  const Json body =
      picked(kept, {"theme", "homeDashboardUID", "timezone", "weekStart", "language"});
  if (!body.empty()) org.api.send("PUT", "/api/org/preferences", body);
}

// An annotation has no uid: one of the same time, text and dashboard is the same one.
void import_annotations(OrgImport& org) {
  const Json kept = read_export_or(org.folder / "annotations.json", Json::array());
  for (const Json& one : kept) {
    org.stop.throw_if_stopped();
    const int64_t time = grafana_number(one, "time", "an annotation");
    const Json there = org.api.get(
        format("/api/annotations?type=annotation&from={}&to={}&limit=10000", time, time));
    bool is_there = false;
    for (const Json& other : there) {
      is_there =
          is_there || (grafana_text_or_empty(other, "text") == grafana_text_or_empty(one, "text") &&
                       grafana_text_or_empty(other, "dashboardUID") ==
                           grafana_text_or_empty(one, "dashboardUID"));
    }
    if (is_there) {
      ++org.tallies["annotations"].left;
      continue;
    }
    Json body = picked(one, {"panelId", "time", "timeEnd", "tags", "text"});
    const std::string dashboard = grafana_text_or_empty(one, "dashboardUID");
    if (!dashboard.empty()) body["dashboardUID"] = dashboard;
    org.api.send("POST", "/api/annotations", body);
    ++org.tallies["annotations"].made;
  }
}

}  // namespace lifeboat
