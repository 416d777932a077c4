// The stand-in itself: a fake that takes everything would prove nothing. Each line is something
// that a real Grafana refuses.
#include <gmock/gmock.h>

#include "base/error.h"
#include "base/format.h"
#include "recipe/grafana/api.h"
#include "support/doubles.h"
#include "support/fake_grafana.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

class StrictFakeGrafana : public testing::Test {
 protected:
  StrictFakeGrafana() { grafana_.seed(); }

  // The status that `method path body` gets.
  int status(const std::string& method, const std::string& path, const Json& body,
             bool disables_provenance = true) {
    return api_
        .send(method, path, body, {400, 401, 403, 404, 405, 409, 412, 422, 500},
              disables_provenance)
        .status;
  }
  static GrafanaAccess access(const test::FakeGrafana& grafana, const char* token) {
    return {grafana.url(), std::make_shared<const Secret>(token), "", nullptr};
  }
  static Json dashboard(const std::string& uid) {
    return {{"id", nullptr}, {"uid", uid}, {"title", "T"}};
  }
  Json rule(const std::string& uid) {
    Json made = grafana_.kept(1, "rules")["rule-down"];
    made["uid"] = uid;
    made["title"] = uid;
    return made;
  }

  test::FakeGrafana grafana_;
  test::TempFolder folder_;
  test::ManualClock clock_;
  test::SeededRandom random_;
  RecipeContext context_{clock_, random_, {}, folder_.path()};
  GrafanaApi api_{access(grafana_, test::fake_grafana_admin_token), context_};
};

TEST_F(StrictFakeGrafana, RefusesStrangersAndThoseWithoutRights) {
  GrafanaApi stranger(access(grafana_, "glsa_unknown"), context_);
  EXPECT_EQ(stranger.ask("/api/search?type=dash-db", {401}).status, 401);
  GrafanaApi viewer(access(grafana_, test::fake_grafana_viewer_token), context_);
  EXPECT_EQ(viewer.ask("/api/search?type=dash-db", {403}).status, 200);
  for (const char* path :
       {"/api/datasources", "/api/org/users", "/api/v1/provisioning/policies", "/api/orgs",
        "/api/v1/provisioning/contact-points/export?decrypt=true"}) {
    EXPECT_EQ(viewer.ask(path, {403}).status, 403) << path;
  }
  EXPECT_EQ(api_.ask("/api/orgs", {403}).status, 403) << "a token is of one organization";
  api_.use_org(2);
  EXPECT_EQ(api_.ask("/api/org", {401}).status, 401);
}

TEST_F(StrictFakeGrafana, RefusesFoldersThatCannotBe) {
  EXPECT_EQ(status("POST", "/api/folders", {{"title", "x"}, {"parentUid", "no"}}), 400);
  EXPECT_EQ(status("POST", "/api/folders", {{"title", "x"}, {"uid", "infra"}}), 409);
  EXPECT_EQ(status("POST", "/api/folders", {{"title", "x"}, {"uid", std::string(41, 'u')}}), 400);
  EXPECT_EQ(status("POST", "/api/folders", {{"title", "x"}, {"uid", "a/b"}}), 400);
  EXPECT_EQ(status("POST", "/api/folders", {{"title", "x"}, {"id", 5}}), 400);
  EXPECT_EQ(status("PUT", "/api/folders/infra", {{"title", "x"}, {"version", 7}}), 412);
}

TEST_F(StrictFakeGrafana, RefusesDashboardsThatCannotBe) {
  const auto save = [&](Json made, const std::string& folder, bool overwrites) {
    return status(
        "POST", "/api/dashboards/db",
        {{"dashboard", std::move(made)}, {"folderUid", folder}, {"overwrite", overwrites}});
  };
  Json with_id = dashboard("new");
  with_id["id"] = 7;
  EXPECT_EQ(save(with_id, "", true), 404);
  EXPECT_EQ(save(dashboard("new"), "no-such-folder", true), 400);
  EXPECT_EQ(save(dashboard("nodes"), "infra", false), 412);
  EXPECT_EQ(save(dashboard("nodes"), "infra", true), 200);
  Json with_panel = dashboard("new");
  with_panel["panels"] = Json::array({{{"libraryPanel", {{"uid", "gone"}}}}});
  EXPECT_EQ(save(with_panel, "", true), 404);
  Json all = grafana_.kept(1, "dashboards");
  all["home"]["provisioned"] = true;
  grafana_.put(1, "dashboards", all);
  EXPECT_EQ(save(dashboard("home"), "", true), 400);
}

TEST_F(StrictFakeGrafana, NeverShowsSecretsAndKeepsThemOverAPut) {
  const Json shown = api_.get("/api/datasources/uid/P1-pg");
  EXPECT_EQ(shown["secureJsonFields"]["password"], true);
  EXPECT_FALSE(shown.contains("secrets"));
  const Json body = {{"name", "Orders"}, {"type", "postgres"}, {"access", "proxy"}};
  EXPECT_EQ(status("PUT", "/api/datasources/uid/P1-pg", body), 200);
  EXPECT_EQ(grafana_.kept(1, "datasources")["P1-pg"]["secrets"]["password"], "orders-db-password");
  EXPECT_EQ(status("POST", "/api/datasources", body), 409) << "the name is taken";
  Json same_uid = body;
  same_uid["uid"] = "prom";
  same_uid["name"] = "another";
  EXPECT_EQ(status("POST", "/api/datasources", same_uid), 409);
  for (const Json& point : api_.get("/api/v1/provisioning/contact-points")) {
    if (point["uid"] == "cp-slack") {
      EXPECT_EQ(point["settings"]["url"], "[REDACTED]");
    }
  }
}

TEST_F(StrictFakeGrafana, RefusesAlertingOutOfOrder) {
  const std::string base = "/api/v1/provisioning/";
  EXPECT_EQ(status("PUT", base + "policies", {{"receiver", "nobody"}}), 400);
  EXPECT_EQ(status("PUT", base + "policies",
                   {{"receiver", "on call"},
                    {"routes", Json::array({{{"mute_time_intervals", {"never"}}}})}}),
            400);
  EXPECT_EQ(status("POST", base + "contact-points",
                   {{"name", "x"}, {"type", "slack"}, {"settings", {{"url", "[REDACTED]"}}}}),
            400);
  EXPECT_EQ(status("PUT", base + "contact-points/none",
                   {{"name", "x"}, {"type", "email"}, {"settings", Json::object()}}),
            404);
  EXPECT_EQ(status("POST", base + "alert-rules", rule("rule-down")), 409);
  Json elsewhere = rule("new");
  elsewhere["folderUID"] = "gone";
  EXPECT_EQ(status("POST", base + "alert-rules", elsewhere), 400);
  const std::string group = base + "folder/infra/rule-groups/fresh";
  EXPECT_EQ(status("PUT", group, {{"interval", 60}, {"rules", Json::array({rule("new")})}}), 500);
  EXPECT_EQ(status("PUT", group, {{"interval", 7}, {"rules", Json::array()}}), 400);
}

TEST_F(StrictFakeGrafana, LocksWhatTheApiOwns) {
  const std::string place = "/api/v1/provisioning/templates/mine";
  EXPECT_EQ(status("PUT", place, {{"template", "x"}}, false), 202);
  EXPECT_EQ(grafana_.kept(1, "templates")["mine"]["provenance"], "api");
  EXPECT_EQ(status("PUT", place, {{"template", "y"}}, true), 409);
  EXPECT_EQ(status("PUT", place, {{"template", "y"}}, false), 202);
}

TEST_F(StrictFakeGrafana, APutOfAGroupDeletesTheRest) {
  EXPECT_EQ(status("PUT", "/api/v1/provisioning/folder/infra/rule-groups/every%20minute",
                   {{"interval", 60}, {"rules", Json::array({rule("rule-down")})}}),
            200);
  EXPECT_FALSE(grafana_.kept(1, "rules").contains("rule-full"));
}

}  // namespace
}  // namespace lifeboat
