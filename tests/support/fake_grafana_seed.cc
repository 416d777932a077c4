// What a seeded fake Grafana holds: nested folders, library panels, permissions, secrets, and names
// that need care in paths.
#include "base/format.h"
#include "support/fake_grafana_parts.h"

namespace lifeboat::test {
namespace {

constexpr int64_t first_annotation_ms = 1'770'000'000'000;

Json permission(const std::string& team, int64_t team_id) {
  return Json::array(
      {{{"role", "Viewer"}, {"permission", 1}, {"inherited", false}},
       {{"teamId", team_id}, {"team", team}, {"permission", 2}, {"inherited", false}}});
}

void seed_ground(Json& org, int64_t& next_id) {
  org["teams"]["SRE / on call"] = {{"id", 41},
                                   {"uid", "t41"},
                                   {"name", "SRE / on call"},
                                   {"email", "sre@example.com"},
                                   {"members", {"ada"}}};
  org["users"]["ada"] = {{"userId", 7},
                         {"login", "ada"},
                         {"email", "ada@example.com"},
                         {"name", "Ada"},
                         {"role", "Editor"}};
  const auto folder = [&](const std::string& uid, const std::string& title,
                          const std::string& parent) {
    org["folders"][uid] = {{"id", next_id++}, {"uid", uid},
                           {"title", title},  {"parentUid", parent},
                           {"version", 1},    {"permissions", permission("SRE / on call", 41)}};
  };
  // The child stands before its parent: an import in this order would fail.
  folder("infra-db", "Databases", "infra");
  folder("infra", "Infrastructure", "");
  folder("shop", "Shop & sales", "");
  org["datasources"]["prom"] = {{"id", 1},
                                {"uid", "prom"},
                                {"orgId", 1},
                                {"name", "Prometheus"},
                                {"type", "prometheus"},
                                {"access", "proxy"},
                                {"url", "http://prometheus:9090"},
                                {"isDefault", true},
                                {"jsonData", {{"httpMethod", "POST"}}},
                                {"readOnly", false},
                                {"secrets", Json::object()}};
  org["datasources"]["P1-pg"] = {{"id", 2},
                                 {"uid", "P1-pg"},
                                 {"orgId", 1},
                                 {"name", "Orders"},
                                 {"type", "postgres"},
                                 {"access", "proxy"},
                                 {"url", "db:5432"},
                                 {"user", "reader"},
                                 {"database", "orders"},
                                 {"isDefault", false},
                                 {"jsonData", {{"sslmode", "disable"}}},
                                 {"readOnly", false},
                                 {"secrets", {{"password", "orders-db-password"}}}};
}

void seed_dashboards(Json& org, int64_t& next_id) {
  org["library_elements"]["lib-cpu"] = {
      {"id", 3},
      {"uid", "lib-cpu"},
      {"folderUid", "infra"},
      {"name", "CPU"},
      {"kind", 1},
      {"type", "timeseries"},
      {"version", 1},
      {"model", {{"type", "timeseries"}, {"datasource", {{"uid", "prom"}}}}}};
  const auto dashboard = [&](const std::string& uid, const std::string& title,
                             const std::string& folder_uid, Json panels) {
    org["dashboards"][uid] = {{"folderUid", folder_uid},
                              {"provisioned", false},
                              {"permissions", permission("SRE / on call", 41)},
                              {"dashboard",
                               {{"id", next_id++},
                                {"uid", uid},
                                {"title", title},
                                {"schemaVersion", 39},
                                {"version", 3},
                                {"panels", std::move(panels)}}}};
  };
  const Json on_prom = {{"type", "timeseries"},
                        {"datasource", {{"type", "prometheus"}, {"uid", "prom"}}}};
  dashboard("home", "Home", "", Json::array({on_prom}));
  dashboard("nodes", "Nodes", "infra",
            Json::array({on_prom, {{"libraryPanel", {{"uid", "lib-cpu"}, {"name", "CPU"}}}}}));
  dashboard("db-size", "Database \"size\"", "infra-db",
            Json::array({{{"type", "stat"}, {"datasource", {{"uid", "P1-pg"}}}},
                         {{"type", "text"}, {"datasource", {{"uid", "-- Grafana --"}}}},
                         {{"type", "row"}, {"panels", Json::array({on_prom})}}}));
  dashboard("orders", "Orders ünïcode", "shop",
            Json::array({{{"type", "table"}, {"datasource", {{"uid", "${source}"}}}}}));
  org["preferences"] = {{"theme", "dark"},
                        {"homeDashboardUID", "home"},
                        {"timezone", "utc"},
                        {"weekStart", "monday"}};
  for (int number = 0; number < 7; ++number) {
    Json one = {{"id", next_id++},
                {"alertId", 0},
                {"time", first_annotation_ms + number / 2},
                {"timeEnd", first_annotation_ms + number / 2},
                {"tags", {"deploy"}},
                {"text", format("deployed {}", number)}};
    if (number % 2 == 0) one["dashboardUID"] = "nodes";
    org["annotations"].push_back(std::move(one));
  }
}

Json rule(const std::string& uid, const std::string& title, const std::string& group) {
  return {
      {"id", 0},
      {"uid", uid},
      {"orgID", 1},
      {"folderUID", "infra"},
      {"ruleGroup", group},
      {"title", title},
      {"condition", "B"},
      {"data",
       Json::array(
           {{{"refId", "A"}, {"datasourceUid", "prom"}, {"model", {{"expr", "up == 0"}}}},
            {{"refId", "B"}, {"datasourceUid", "__expr__"}, {"model", {{"type", "threshold"}}}}})},
      {"noDataState", "NoData"},
      {"execErrState", "Error"},
      {"for", "5m"},
      {"labels", {{"severity", "page"}}},
      {"annotations", {{"summary", "it is down"}}},
      {"isPaused", false},
      {"updated", "2026-01-01T00:00:00Z"}};
}

void seed_alerting(Json& org) {
  org["contact_points"]["cp-slack"] = {
      {"uid", "cp-slack"},
      {"name", "on call"},
      {"type", "slack"},
      {"settings", {{"recipient", "#ops"}, {"url", "https://hooks.slack.test/secret-path"}}},
      {"disableResolveMessage", false}};
  org["contact_points"]["cp-hook"] = {
      {"uid", "cp-hook"},
      {"name", "on call"},
      {"type", "webhook"},
      {"settings", {{"url", "http://hook.test"}, {"username", "u"}, {"password", "hook-pass"}}},
      {"disableResolveMessage", true}};
  org["mute_timings"]["nights / weekends"] = {
      {"name", "nights / weekends"},
      {"version", "v1"},
      {"time_intervals", Json::array({{{"weekdays", {"saturday", "sunday"}}}})}};
  org["templates"]["short.message"] = {
      {"name", "short.message"},
      {"version", "v2"},
      {"template", "{{ define \"short\" }}{{ .Status }}{{ end }}"}};
  org["policies"] = {
      {"receiver", "on call"},
      {"group_by", {"alertname"}},
      {"routes",
       Json::array({{{"receiver", "grafana-default-email"},
                     {"object_matchers", Json::array({Json::array({"severity", "=", "info"})})},
                     {"mute_time_intervals", {"nights / weekends"}}}})}};
  org["rules"]["rule-down"] = rule("rule-down", "Node down", "every minute");
  org["rules"]["rule-full"] = rule("rule-full", "Disk full", "every minute");
  org["rules"]["rule-slow"] = rule("rule-slow", "Slow", "hourly/slow");
  org["groups"]["infra/every minute"] = 60;
  org["groups"]["infra/hourly/slow"] = 3600;
}

}  // namespace

void seed_grafana(std::map<int, Json>& orgs, int64_t& next_id) {
  seed_ground(orgs[1], next_id);
  seed_dashboards(orgs[1], next_id);
  seed_alerting(orgs[1]);
  orgs[2] = empty_grafana_org(2, "Second org");
  orgs[2]["dashboards"]["home"] = {{"folderUid", ""},
                                   {"provisioned", false},
                                   {"permissions", Json::array()},
                                   {"dashboard",
                                    {{"id", next_id++},
                                     {"uid", "home"},
                                     {"title", "Home of the second"},
                                     {"schemaVersion", 39},
                                     {"version", 1},
                                     {"panels", Json::array()}}}};
}

}  // namespace lifeboat::test
