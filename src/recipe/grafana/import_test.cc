// Round trips: out of one Grafana, into another.
#include "recipe/grafana/import.h"

#include <gmock/gmock.h>

#include <cstdlib>

#include "base/error.h"
#include "base/format.h"
#include "recipe/grafana/recipe_grafana.h"
#include "support/doubles.h"
#include "support/fake_grafana.h"
#include "support/grafana_sample.h"
#include "support/recipe_drive.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Inventory = std::map<std::string, std::string>;  // "kind id" to fingerprint

// The things that are in one only, or differ.
std::vector<std::string> differing(const Inventory& left, const Inventory& right) {
  std::vector<std::string> things;
  for (const auto& [thing, fingerprint] : left) {
    const auto other = right.find(thing);
    if (other == right.end() || other->second != fingerprint) things.push_back(thing);
  }
  for (const auto& [thing, fingerprint] : right) {
    if (!left.contains(thing)) things.push_back(thing);
  }
  return things;
}

class GrafanaImportTest : public testing::Test {
 protected:
  GrafanaImportTest() { source_.seed(); }

  static Service service_at(const std::string& url, const std::string& user,
                            std::string_view password) {
    Service service{"grafana", "grafana", {}};
    service.settings.set("url", url);
    service.settings.set("user", user);
    service.settings.set("password", std::make_shared<const Secret>(password));
    return service;
  }
  static Service service_of(const test::FakeGrafana& grafana) {
    return service_at(grafana.url(), test::fake_grafana_user, test::fake_grafana_password);
  }
  RestoredService back_up(const Service& service) {
    const fs::path target = folder_ / format("restored-{}", ++count_);
    fs::create_directory(target);
    const test::DrivenBackup made = test::drive_backup(*recipe_, service, context_, target);
    return {"grafana", target, made.facts};
  }
  Inventory inventory(const RestoredService& restored) {
    Inventory made;
    for (const InventoryEntry& entry : recipe_->inventory(restored, context_)) {
      made[entry.kind + " " + entry.id] = entry.fingerprint;
    }
    return made;
  }
  ReplaceReport replace(const Service& service, const RestoredService& restored) {
    clock_.advance(std::chrono::seconds(1));  // the name of what is kept
    return recipe_->replace(service, restored, context_);
  }

  test::FakeGrafana source_;
  test::FakeGrafana target_;
  test::TempFolder folder_;
  test::ManualClock clock_;
  test::SeededRandom random_;
  RecipeContext context_{clock_,         random_,           {},
                         folder_.path(), folder_ / "state", folder_ / "no-engine.sock"};
  std::unique_ptr<Recipe> recipe_ = make_grafana_recipe();

 private:
  int count_ = 0;
};

TEST_F(GrafanaImportTest, EverythingGoesIntoAnEmptyGrafanaAndComesOutTheSame) {
  const RestoredService backup = back_up(service_of(source_));
  const ReplaceReport report = replace(service_of(target_), backup);
  EXPECT_THAT(report.done, Contains(AllOf(HasSubstr("'Main Org.'"),
                                          HasSubstr("dashboards: 4 made, 0 overwritten"),
                                          HasSubstr("alert rules: 3 made"))));
  const RestoredService again = back_up(service_of(target_));
  // What no API gives: the user in the team, and the secret of a data source.
  EXPECT_THAT(differing(inventory(again), inventory(backup)),
              ElementsAre("data source org 1 P1-pg", "team org 1 SRE%20%2F%20on%20call"));
  EXPECT_THAT(report.done, Contains(HasSubstr("lacks members that Grafana does not know: ada")));
  EXPECT_THAT(report.done, Contains(HasSubstr("'Orders' needs its secrets again: password")));
  EXPECT_EQ(target_.kept(1, "contact_points")["cp-slack"]["settings"]["url"],
            "https://hooks.slack.test/secret-path");
  EXPECT_EQ(target_.kept(1, "contact_points")["cp-hook"]["settings"]["password"], "hook-pass");
  EXPECT_EQ(target_.kept(1, "groups")["infra/hourly/slow"], 3600);
  EXPECT_EQ(target_.kept(1, "rules")["rule-down"].count("provenance"), 0u) << "free in the UI";
  EXPECT_EQ(target_.kept(1, "preferences"), source_.kept(1, "preferences"));
  EXPECT_EQ(target_.kept(1, "annotations").size(), 7u);
  EXPECT_EQ(target_.kept(2, "dashboards").size(), 1u) << "an organization was made";
}

TEST_F(GrafanaImportTest, PermissionsNameTheTeamsOfTheOtherGrafana) {
  replace(service_of(target_), back_up(service_of(source_)));
  const int64_t team = target_.kept(1, "teams")["SRE / on call"]["id"].get<int64_t>();
  EXPECT_NE(team, 41);
  const Json permissions = target_.kept(1, "dashboards")["nodes"]["permissions"];
  ASSERT_EQ(permissions.size(), 2u);
  EXPECT_EQ(permissions[1]["teamId"], team);
  EXPECT_EQ(target_.kept(1, "folders")["infra-db"]["permissions"].size(), 2u);
}

TEST_F(GrafanaImportTest, ASecondImportChangesNothing) {
  const RestoredService backup = back_up(service_of(source_));
  replace(service_of(source_), backup);
  const ReplaceReport second = replace(service_of(source_), backup);
  EXPECT_THAT(differing(inventory(back_up(service_of(source_))), inventory(backup)), IsEmpty());
  EXPECT_EQ(source_.kept(1, "annotations").size(), 7u);
  EXPECT_EQ(source_.kept(1, "contact_points")["cp-slack"]["settings"]["url"],
            "https://hooks.slack.test/secret-path");
  EXPECT_EQ(source_.kept(1, "datasources")["P1-pg"]["secrets"]["password"], "orders-db-password");
  EXPECT_THAT(second.done, Contains(HasSubstr("0 made, 4 overwritten")));
}

TEST_F(GrafanaImportTest, WhatChangedIsPutBackAndWhatIsNewStays) {
  const RestoredService backup = back_up(service_of(source_));
  Json dashboards = source_.kept(1, "dashboards");
  dashboards["nodes"]["dashboard"]["title"] = "Broken by hand";
  dashboards["fresh"] = dashboards["home"];
  dashboards["fresh"]["dashboard"]["uid"] = "fresh";
  source_.put(1, "dashboards", dashboards);
  Json folders = source_.kept(1, "folders");
  folders["infra-db"]["parentUid"] = "shop";
  folders["infra"]["title"] = "Renamed";
  source_.put(1, "folders", folders);
  Json rules = source_.kept(1, "rules");
  rules["rule-new"] = rules["rule-down"];
  rules["rule-new"]["uid"] = "rule-new";
  rules["rule-new"]["title"] = "New";
  rules.erase("rule-full");
  source_.put(1, "rules", rules);
  Json groups = source_.kept(1, "groups");
  groups["infra/every minute"] = 120;
  source_.put(1, "groups", groups);

  const ReplaceReport report = replace(service_of(source_), backup);
  EXPECT_EQ(source_.kept(1, "dashboards")["nodes"]["dashboard"]["title"], "Nodes");
  EXPECT_TRUE(source_.kept(1, "dashboards").contains("fresh"));
  EXPECT_EQ(source_.kept(1, "folders")["infra-db"]["parentUid"], "infra");
  EXPECT_EQ(source_.kept(1, "folders")["infra"]["title"], "Infrastructure");
  EXPECT_TRUE(source_.kept(1, "rules").contains("rule-full"));
  EXPECT_TRUE(source_.kept(1, "rules").contains("rule-new")) << "a PUT of a group deletes the rest";
  EXPECT_EQ(source_.kept(1, "groups")["infra/every minute"], 60);

  ASSERT_EQ(report.kept.size(), 1u);
  const fs::path kept = report.kept.front();
  EXPECT_THAT(kept.native(), HasSubstr("grafana.before-2026-05-07-020001"));
  EXPECT_EQ(fs::status(kept).permissions(), fs::perms::owner_all);
  EXPECT_THAT(test::slurp(kept / "export/org-1/dashboards/nodes.json"),
              HasSubstr("Broken by hand"));
}

TEST_F(GrafanaImportTest, DashboardsOfTheNewerSchemaTakeTheNewerApi) {
  for (const int org : {1, 2}) {
    Json dashboards = source_.kept(org, "dashboards");
    dashboards["modern"] = {
        {"folderUid", org == 1 ? "infra" : ""},
        {"provisioned", false},
        {"permissions", Json::array()},
        {"dashboard", {{"id", 900 + org}, {"uid", "modern"}, {"title", "Modern"}, {"version", 5}}},
        {"spec", {{"title", "Modern"}, {"elements", {{"panel-1", {{"kind", "Panel"}}}}}}}};
    source_.put(org, "dashboards", dashboards);
  }
  const RestoredService backup = back_up(service_of(source_));
  EXPECT_THAT(test::failed_probes(recipe_->probe(backup, context_)), IsEmpty());
  EXPECT_EQ(backup.expected.find("dashboards")->count, 7u);
  replace(service_of(target_), backup);
  for (const int org : {1, 2}) {
    const Json made = target_.kept(org, "dashboards")["modern"];
    EXPECT_EQ(made["folderUid"], org == 1 ? "infra" : "");
    EXPECT_EQ(made["spec"]["elements"]["panel-1"]["kind"], "Panel");
  }
  Json changed = source_.kept(1, "dashboards");
  changed["modern"]["spec"]["title"] = "Changed";
  source_.put(1, "dashboards", changed);
  replace(service_of(source_), backup);
  EXPECT_EQ(source_.kept(1, "dashboards")["modern"]["spec"]["title"], "Modern");
  EXPECT_THAT(differing(inventory(back_up(service_of(source_))), inventory(backup)), IsEmpty());
}

TEST_F(GrafanaImportTest, SecretsOfDataSourcesComeFromTheDatabase) {
  test::make_grafana_sample(folder_ / "home", {}, random_);
  Service both = service_of(source_);
  both.settings.set("path", (folder_ / "home").native());
  const RestoredService backup = back_up(both);
  const ReplaceReport report = replace(service_of(target_), backup);
  EXPECT_EQ(target_.kept(1, "datasources")["P1-pg"]["secrets"]["password"], "orders-db-password");
  EXPECT_THAT(report.done, Not(Contains(HasSubstr("needs its secrets again"))));
}

TEST_F(GrafanaImportTest, OwnersAreRespected) {
  const auto set = [&](const char* kind, const char* id, const char* name, const Json& value) {
    Json all = source_.kept(1, kind);
    all[id][name] = value;
    source_.put(1, kind, all);
  };
  set("dashboards", "home", "provisioned", true);
  set("datasources", "prom", "readOnly", true);
  set("contact_points", "cp-hook", "provenance", "file");
  set("contact_points", "cp-slack", "provenance", "api");
  set("rules", "rule-slow", "provenance", "file");
  set("templates", "short.message", "provenance", "api");
  Json policies = source_.kept(1, "policies");
  policies["provenance"] = "api";
  source_.put(1, "policies", policies);
  const RestoredService backup = back_up(service_of(source_));
  const ReplaceReport report = replace(service_of(source_), backup);
  EXPECT_THAT(differing(inventory(back_up(service_of(source_))), inventory(backup)), IsEmpty());
  EXPECT_THAT(report.done, Contains(HasSubstr("Dashboard 'home' was left as it is")));
  EXPECT_THAT(report.done, Contains(HasSubstr("'rule-slow' was left as it is")));
  EXPECT_EQ(source_.kept(1, "policies")["provenance"], "api");
  // Elsewhere, where no file owns them, they are made, and what the API owned it owns again.
  replace(service_of(target_), backup);
  EXPECT_TRUE(target_.kept(1, "dashboards").contains("home"));
  EXPECT_EQ(target_.kept(1, "contact_points")["cp-slack"]["provenance"], "api");
  EXPECT_TRUE(target_.kept(1, "rules").contains("rule-slow"));
}

// A failure at the k-th write, until an import gets through: each time what was there is there.
TEST_F(GrafanaImportTest, AFailureAnywherePutsBackWhatWasThere) {
  const RestoredService backup = back_up(service_of(source_));
  int failures = 0;
  for (int nth = 1; nth < 200; nth += 7) {
    test::FakeGrafana live;
    live.seed();
    Json dashboards = live.kept(1, "dashboards");
    dashboards["nodes"]["dashboard"]["title"] = "Live";
    live.put(1, "dashboards", dashboards);
    const Inventory before = inventory(back_up(service_of(live)));
    live.add_fault({.path = "/api/",
                    .method = "",
                    .nth = nth,
                    .response = {500, {}, R"({"message":"boom"})"}});
    std::string told;
    try {
      replace(service_of(live), backup);
    } catch (const Error& error) {
      told = error.what();
      EXPECT_THAT(error.hints(), Contains(HasSubstr("was imported again"))) << told;
    }
    if (told.empty()) break;
    ++failures;
    EXPECT_THAT(told, AllOf(HasSubstr("500: boom"), HasSubstr("organization '")));
    EXPECT_THAT(differing(inventory(back_up(service_of(live))), before), IsEmpty()) << nth;
  }
  EXPECT_GT(failures, 3);
}

TEST_F(GrafanaImportTest, ATokenTakesInItsOwnOrganizationOnly) {
  const RestoredService backup = back_up(service_of(source_));
  Service by_token{"grafana", "grafana", {}};
  by_token.settings.set("url", target_.url());
  by_token.settings.set("token", std::make_shared<const Secret>(test::fake_grafana_admin_token));
  const ReplaceReport report = replace(by_token, backup);
  EXPECT_EQ(target_.kept(1, "dashboards").size(), 4u);
  EXPECT_THAT(report.done, Contains(HasSubstr("'Second org' was left out")));
}

TEST_F(GrafanaImportTest, WithoutUrlTheDatabaseTakesTheLiveOnesPlace) {
  const fs::path home = folder_ / "home";
  test::make_grafana_sample(home, {}, random_);
  Service service{"grafana", "grafana", {}};
  service.settings.set("path", home.native());
  const RestoredService backup = back_up(service);
  SqliteDatabase(home / "grafana.db", SqliteOpen::write).exec("DELETE FROM dashboard");
  test::write_file(home / "plugins" / "stays", std::string_view("x"));
  const ReplaceReport report = replace(service, backup);
  EXPECT_EQ(SqliteDatabase(home / "grafana.db", SqliteOpen::live)
                .query_integer("SELECT count(*) FROM dashboard"),
            3);
  EXPECT_TRUE(fs::exists(home / "plugins" / "stays"));
  EXPECT_EQ(report.kept.size(), 1u);

  test::write_file(home / "grafana.ini", std::string_view("[security]\nsecret_key = other\n"));
  EXPECT_THAT(error_text([&] { replace(service, backup); }),
              AllOf(HasSubstr("its secret key is not the one of the backup"),
                    Not(HasSubstr("a-key-of-its-own"))));
  Service neither{"grafana", "grafana", {}};
  EXPECT_THAT(error_text([&] { replace(neither, backup); }), HasSubstr("holds a database"));
}

TEST_F(GrafanaImportTest, ItIsNotProvenWithoutDatabaseOrEngineOrImage) {
  std::string why_not;
  ProvingGround ground;
  EXPECT_THAT(recipe_->prove(back_up(service_of(source_)), ground, context_, why_not), IsEmpty());
  EXPECT_THAT(why_not, HasSubstr("needs its database"));
  test::make_grafana_sample(folder_ / "home", {}, random_);
  Service service{"grafana", "grafana", {}};
  service.settings.set("path", (folder_ / "home").native());
  EXPECT_THAT(recipe_->prove(back_up(service), ground, context_, why_not), IsEmpty());
  EXPECT_THAT(why_not, HasSubstr("--engine docker"));
}

// A real Grafana at LIFEBOAT_LIVE_GRAFANA, whose content may be overwritten: takes the seed in, and
// what it then shows comes back from itself unchanged. User and password:
// LIFEBOAT_LIVE_GRAFANA_USER and _PASSWORD, "admin" unless set.
TEST_F(GrafanaImportTest, LiveGrafanaTakesItAllInAndGivesItBack) {
  const auto variable = [](const char* name, const char* fallback) {
    const char* value = std::getenv(name);
    return std::string(value != nullptr ? value : fallback);
  };
  const std::string url = variable("LIFEBOAT_LIVE_GRAFANA", "");
  if (url.empty()) GTEST_SKIP() << "LIFEBOAT_LIVE_GRAFANA is not set: no real Grafana is at hand";
  const Service live = service_at(url, variable("LIFEBOAT_LIVE_GRAFANA_USER", "admin"),
                                  variable("LIFEBOAT_LIVE_GRAFANA_PASSWORD", "admin"));
  const RestoredService seed = back_up(service_of(source_));
  replace(live, seed);
  const RestoredService first = back_up(live);
  EXPECT_THAT(test::failed_probes(recipe_->probe(first, context_)), IsEmpty());
  const Inventory shown = inventory(first);
  for (const auto& [thing, fingerprint] : inventory(seed)) {
    EXPECT_TRUE(shown.contains(thing)) << thing;
  }
  replace(live, first);
  EXPECT_THAT(differing(inventory(back_up(live)), shown), IsEmpty());
}

}  // namespace
}  // namespace lifeboat
