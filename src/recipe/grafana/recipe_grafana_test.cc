#include "recipe/grafana/recipe_grafana.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/format.h"
#include "recipe/grafana/instance.h"
#include "recipe/grafana/secrets.h"
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
using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Wire = test::ServedResponse::Wire;

class GrafanaRecipeTest : public testing::Test {
 protected:
  fs::path home() const { return folder_ / "home"; }
  fs::path restored() const { return folder_ / "restored"; }

  void use_token(const char* token = test::fake_grafana_admin_token) {
    service_.settings.set("url", grafana_.url() + "/");
    service_.settings.set("token", std::make_shared<const Secret>(token));
  }
  void use_password() {
    service_.settings.set("url", grafana_.url());
    service_.settings.set("user", test::fake_grafana_user);
    service_.settings.set("password", std::make_shared<const Secret>(test::fake_grafana_password));
  }
  void use_folder(const test::GrafanaSampleOptions& options = {}) {
    test::make_grafana_sample(home(), options, random_);
    service_.settings.set("path", home().native());
  }
  test::DrivenBackup back_up() {
    fs::remove_all(restored());
    fs::create_directory(restored());
    return test::drive_backup(*recipe_, service_, context_, restored());
  }
  RestoredService as_restored(const test::DrivenBackup& made) const {
    return {"grafana", restored(), made.facts};
  }
  std::vector<std::string> failures(const test::DrivenBackup& made) {
    return test::failed_probes(recipe_->probe(as_restored(made), context_));
  }
  std::string refusal() {
    return error_text([&] { recipe_->plan(service_, context_); });
  }
  Json read(const std::string& member) const {
    return parse_json(test::slurp(restored() / member), member);
  }
  uint64_t count(const test::DrivenBackup& made, const char* key) const {
    const Item* item = made.facts.find(key);
    return item == nullptr ? UINT64_MAX : item->count;
  }

  test::FakeGrafana grafana_;
  test::TempFolder folder_;
  test::ManualClock clock_;
  test::SeededRandom random_;
  RecipeContext context_{clock_,         random_,           {},
                         folder_.path(), folder_ / "state", folder_ / "no-engine.sock"};
  std::unique_ptr<Recipe> recipe_ = make_grafana_recipe();
  Service service_{"grafana", "grafana", {}};
};

// ---- the export

TEST_F(GrafanaRecipeTest, ExportsEverythingAndItsProbesPass) {
  grafana_.seed();
  use_token();
  const test::DrivenBackup made = back_up();
  EXPECT_EQ(count(made, "dashboards"), 4u);
  EXPECT_EQ(count(made, "folders"), 3u);
  EXPECT_EQ(count(made, "datasources"), 2u);
  EXPECT_EQ(count(made, "library_elements"), 1u);
  EXPECT_EQ(count(made, "alert_rules"), 3u);
  EXPECT_EQ(count(made, "rule_groups"), 2u);
  EXPECT_EQ(count(made, "contact_points"), 3u);
  EXPECT_EQ(count(made, "mute_timings"), 1u);
  EXPECT_EQ(count(made, "templates"), 1u);
  EXPECT_EQ(count(made, "teams"), 1u);
  EXPECT_EQ(count(made, "users"), 2u);
  EXPECT_EQ(count(made, "annotations"), 7u);
  EXPECT_EQ(made.facts.details["version"], "11.6.0");
  EXPECT_THAT(made.warnings, IsEmpty());
  EXPECT_THAT(failures(made), IsEmpty());
  EXPECT_THAT(made.paths, Contains("export/org-1/alert-rules/infra%2Fhourly%2Fslow.json"));
  EXPECT_THAT(made.paths, Contains("export/org-1/teams/SRE%20%2F%20on%20call.json"));
  EXPECT_EQ(read("export/org-1/folders/infra-db.json")["parentUid"], "infra");
  EXPECT_EQ(read("export/org-1/dashboards/db-size.json")["meta"]["folderUid"], "infra-db");
  EXPECT_EQ(read("export/org-1/alert-rules/infra%2Fhourly%2Fslow.json")["interval"], 3600);
  EXPECT_EQ(made.metas.at("export/org-1/contact-points-export.json").mode, 0600u);
  EXPECT_THAT(test::slurp(restored() / "export/org-1/contact-points-export.json"),
              HasSubstr("secret-path"));
}

TEST_F(GrafanaRecipeTest, SaysWhatTheApiCannotGive) {
  grafana_.seed();
  use_token();
  const std::vector<std::string> missing = back_up().facts.missing;
  EXPECT_THAT(missing, Contains(HasSubstr("Other organizations than 'Main Org.'")));
  EXPECT_THAT(missing, Contains(HasSubstr("secrets of data sources")));
  EXPECT_THAT(missing, Contains(HasSubstr("tokens of service accounts")));
}

TEST_F(GrafanaRecipeTest, AServerAdminBringsHomeAllOrganizations) {
  grafana_.seed();
  use_password();
  const test::DrivenBackup made = back_up();
  EXPECT_EQ(count(made, "dashboards"), 5u);
  EXPECT_EQ(made.facts.details["organizations"], Json({"Main Org.", "Second org"}));
  EXPECT_EQ(read("export/org-2/dashboards/home.json")["dashboard"]["title"], "Home of the second");
  EXPECT_THAT(made.facts.missing, Not(Contains(HasSubstr("Other organizations"))));
  EXPECT_THAT(failures(made), IsEmpty());
}

TEST_F(GrafanaRecipeTest, AnEmptyGrafanaIsBackedUpToo) {
  use_token();
  const test::DrivenBackup made = back_up();
  EXPECT_EQ(count(made, "dashboards"), 0u);
  EXPECT_THAT(failures(made), IsEmpty());
}

TEST_F(GrafanaRecipeTest, PagesAreReadToTheirEnd) {
  Json dashboards = Json::object();
  for (int number = 0; number < 1100; ++number) {
    const std::string uid = format("d{:04}", number);
    dashboards[uid] = {
        {"folderUid", ""},
        {"provisioned", false},
        {"permissions", Json::array()},
        {"dashboard", {{"id", number}, {"uid", uid}, {"title", uid}, {"version", 1}}}};
  }
  Json annotations = Json::array();
  for (int number = 0; number < 2500; ++number) {
    annotations.push_back({{"id", number},
                           {"time", 1'778'000'000'000 + number / 7},
                           {"text", "x"},
                           {"tags", Json::array()}});
  }
  grafana_.put(1, "dashboards", dashboards);
  grafana_.put(1, "annotations", annotations);
  use_token();
  const test::DrivenBackup made = back_up();
  EXPECT_EQ(count(made, "dashboards"), 1100u);
  EXPECT_EQ(count(made, "annotations"), 2500u);
  EXPECT_THAT(failures(made), IsEmpty());
}

TEST_F(GrafanaRecipeTest, AnnotationsOutsideTheirDaysStay) {
  grafana_.seed();
  use_token();
  service_.settings.set("annotation_days", uint64_t{30});  // the seed's are 94 days old
  EXPECT_EQ(count(back_up(), "annotations"), 0u);
  service_.settings.set("annotation_days", uint64_t{0});
  const test::DrivenBackup none = back_up();
  EXPECT_EQ(none.facts.find("annotations"), nullptr);
  EXPECT_THAT(failures(none), IsEmpty());
}

TEST_F(GrafanaRecipeTest, ADashboardThatGoesWhileItIsReadIsNotThere) {
  grafana_.seed();
  use_token();
  int asked = 0;
  grafana_.on_request([&](const std::string& request) {
    if (request != "GET /api/dashboards/uid/nodes" || ++asked > 1) return;
    Json rest = grafana_.kept(1, "dashboards");
    rest.erase("nodes");
    grafana_.put(1, "dashboards", rest);
  });
  const test::DrivenBackup made = back_up();
  EXPECT_EQ(count(made, "dashboards"), 3u);
  EXPECT_THAT(made.paths, Not(Contains("export/org-1/dashboards/nodes.json")));
  EXPECT_THAT(failures(made), IsEmpty());
}

TEST_F(GrafanaRecipeTest, ADashboardThatComesWhileOthersAreReadIsFetchedToo) {
  grafana_.seed();
  use_token();
  bool is_done = false;
  grafana_.on_request([&](const std::string& request) {
    if (request != "GET /api/dashboards/uid/home" || is_done) return;
    is_done = true;
    Json more = grafana_.kept(1, "dashboards");
    more["added"] = more["home"];
    more["added"]["dashboard"]["uid"] = "added";
    grafana_.put(1, "dashboards", more);
  });
  EXPECT_EQ(count(back_up(), "dashboards"), 5u);
}

TEST_F(GrafanaRecipeTest, AListThatNeverStandsStillFails) {
  grafana_.seed();
  use_token();
  grafana_.add_fault({.path = "/api/dashboards/uid/nodes",
                      .times = 1000,
                      .response = {404, {}, R"({"message":"Dashboard not found"})"}});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("dashboards: 3 of 4"), HasSubstr("hint: ")));
}

TEST_F(GrafanaRecipeTest, ATiredServerIsAskedAgainAndABrokenOneFails) {
  grafana_.seed();
  use_token();
  grafana_.add_fault({.path = "/api/dashboards/uid/nodes", .times = 2, .response = {503, {}, ""}});
  grafana_.add_fault({.path = "/api/folders", .nth = 3, .response = {.wire = Wire::drop_in_body}});
  EXPECT_EQ(count(back_up(), "dashboards"), 4u);
  grafana_.add_fault({.path = "/api/datasources", .times = 3, .response = {500, {}, "no JSON"}});
  EXPECT_THAT(refusal(), AllOf(HasSubstr("/api/datasources"), HasSubstr("answers 500")));
  grafana_.add_fault({.path = "/api/search", .response = {200, {}, "{\"a\":"}});
  EXPECT_THAT(refusal(), HasSubstr("not valid JSON"));
  grafana_.add_fault({.path = "/api/search", .response = {200, {}, "{}"}});
  EXPECT_THAT(refusal(), HasSubstr("not a list"));
}

TEST_F(GrafanaRecipeTest, WhatMayNotBeSeenIsMissingButNeverTheHeart) {
  grafana_.seed();
  use_token();
  for (const char* path : {"/api/teams/search", "/api/v1/provisioning", "/api/annotations",
                           "/api/org/users", "/api/library-elements"}) {
    grafana_.add_fault({.path = path, .times = 1, .response = {403, {}, "{}"}});
  }
  const test::DrivenBackup made = back_up();
  EXPECT_THAT(made.warnings, Contains(HasSubstr("answers 403 for teams")));
  EXPECT_THAT(made.facts.missing, Contains(HasSubstr("alerting (rules")));
  EXPECT_THAT(made.facts.missing, Contains(HasSubstr("annotations of organization")));
  EXPECT_EQ(made.warnings.size(), 5u);
  for (const char* path : {"/api/folders", "/api/datasources", "/api/search"}) {
    grafana_.add_fault({.path = path, .response = {403, {}, R"({"message":"no"})"}});
    EXPECT_THAT(refusal(), AllOf(HasSubstr("403: no"), HasSubstr("the role Admin"))) << path;
  }
}

TEST_F(GrafanaRecipeTest, AViewerAndAWrongTokenAreRefusedWithoutTheirSecret) {
  grafana_.seed();
  use_token(test::fake_grafana_viewer_token);
  EXPECT_THAT(refusal(), HasSubstr("403"));
  use_token("glsa_wrong_one");
  EXPECT_THAT(refusal(),
              AllOf(HasSubstr("401"), HasSubstr("'token'"), Not(HasSubstr("glsa_wrong_one"))));
  service_.settings.set("user", "admin");
  service_.settings.set("password", std::make_shared<const Secret>("x"));
  EXPECT_THAT(refusal(), HasSubstr("both 'token' and 'user'"));
}

TEST_F(GrafanaRecipeTest, NothingConfiguredIsSaid) {
  EXPECT_THAT(refusal(), HasSubstr("neither 'url' nor 'path' or 'volume'"));
  service_.settings.set("url", grafana_.url());
  EXPECT_THAT(refusal(), HasSubstr("neither 'token' nor"));
}

// ---- the database

TEST_F(GrafanaRecipeTest, KeepsTheDatabaseWithItsKey) {
  for (const bool has_envelope : {true, false}) {
    fs::remove_all(home());
    use_folder({.has_envelope = has_envelope});
    const test::DrivenBackup made = back_up();
    EXPECT_THAT(made.paths, ElementsAre("grafana.db", "grafana.ini", "secret_key"));
    EXPECT_EQ(made.metas.at("secret_key").mode, 0600u);
    EXPECT_EQ(test::slurp(restored() / "secret_key"), "a-key-of-its-own");
    EXPECT_EQ(count(made, "dashboards"), 3u);
    EXPECT_EQ(made.facts.details["database"]["secrets_that_decrypt"], 3);
    EXPECT_THAT(made.warnings, IsEmpty());
    EXPECT_THAT(made.facts.missing, Contains(HasSubstr("grafana-clock-panel")));
    EXPECT_THAT(failures(made), IsEmpty());
  }
}

TEST_F(GrafanaRecipeTest, AWrongKeyIsToldByDecryptingAlone) {
  use_folder();
  service_.settings.set("secret_key", std::make_shared<const Secret>("another-key"));
  const test::DrivenBackup made = back_up();
  EXPECT_THAT(made.warnings, ElementsAre(AllOf(HasSubstr("3 of 3 secrets DO NOT DECRYPT"),
                                               HasSubstr("data source 'Orders', password"),
                                               Not(HasSubstr("another-key")))));
  EXPECT_EQ(recipe_->check(service_, context_)[0].level, Finding::Level::error);
}

TEST_F(GrafanaRecipeTest, TheDefaultKeyIsTakenWithAWarning) {
  use_folder({.secret_key = std::string(grafana_default_key), .has_ini = false});
  const test::DrivenBackup made = back_up();
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("Grafana's default is taken")));
  EXPECT_THAT(failures(made), IsEmpty());
}

TEST_F(GrafanaRecipeTest, TheKeyIsReadOfTheRightSection) {
  EXPECT_EQ(secret_key_of_ini("[security]\nsecret_key = 'quoted'\n"), "quoted");
  EXPECT_EQ(secret_key_of_ini("[ security ]\r\nsecret_key=plain#sign\r\n"), "plain#sign");
  EXPECT_EQ(secret_key_of_ini("[security]\n;secret_key = x\n# secret_key = y\n"), std::nullopt);
  EXPECT_EQ(secret_key_of_ini("secret_key = x\n[auth]\nsecret_key = y\n"), std::nullopt);
}

TEST_F(GrafanaRecipeTest, AnotherDatabaseIsRefused) {
  fs::create_directories(home());
  service_.settings.set("path", home().native());
  EXPECT_THAT(refusal(), AllOf(HasSubstr("there is no grafana.db"), HasSubstr("PostgreSQL")));
  SqliteDatabase(home() / "grafana.db", SqliteOpen::write).exec("CREATE TABLE t(x)");
  EXPECT_THAT(refusal(), HasSubstr("no database of Grafana"));
}

// ---- drills

TEST_F(GrafanaRecipeTest, ItsProbesNoticeEverySabotage) {
  grafana_.seed();
  for (const int kept : {1, 2, 3}) {
    service_.settings = {};
    if ((kept & 1) != 0) use_token();
    if ((kept & 2) != 0) {
      fs::remove_all(home());
      use_folder();
    }
    for (const Sabotage& sabotage : recipe_->sabotages()) {
      const test::DrivenBackup made = back_up();
      ASSERT_THAT(failures(made), IsEmpty());
      sabotage.apply(as_restored(made));
      EXPECT_THAT(failures(made), Not(IsEmpty())) << sabotage.name << " " << kept;
    }
  }
}

TEST_F(GrafanaRecipeTest, DanglingReferencesAreNamed) {
  grafana_.seed();
  use_token();
  const test::DrivenBackup made = back_up();
  const auto without = [&](const char* file) {
    const fs::path path = restored() / "export/org-1" / file;
    const std::string kept = test::slurp(path);
    fs::remove(path);
    const std::vector<std::string> failed = failures(made);
    test::write_file(path, std::string_view(kept));
    return failed;
  };
  EXPECT_THAT(without("library-elements/lib-cpu.json"),
              Contains(HasSubstr("dashboard 'nodes': library panel 'lib-cpu'")));
  EXPECT_THAT(without("folders/infra.json"),
              Contains(HasSubstr("folder 'infra-db': folder 'infra'")));
  EXPECT_THAT(without("mute-timings/nights%20%2F%20weekends.json"),
              Contains(HasSubstr("policies: mute timing 'nights / weekends'")));
  EXPECT_THAT(without("datasources/P1-pg.json"),
              Contains(HasSubstr("expected 0 missing, found 1 missing")));
  fs::remove(restored() / "export/org-1/contact-points/cp-hook.json");
  EXPECT_THAT(without("contact-points/cp-slack.json"),
              Contains(HasSubstr("policies: contact point 'on call'")));
}

TEST_F(GrafanaRecipeTest, ADataSourceThatWasGoneBeforeIsNoFailure) {
  grafana_.seed();
  Json sources = grafana_.kept(1, "datasources");
  sources.erase("P1-pg");
  grafana_.put(1, "datasources", sources);
  use_token();
  const test::DrivenBackup made = back_up();
  EXPECT_EQ(made.facts.details["dangling_sources"], 1);
  EXPECT_THAT(failures(made), IsEmpty());
}

TEST_F(GrafanaRecipeTest, TheInventoryKnowsContentFromCounters) {
  grafana_.seed();
  use_token();
  const auto fingerprints = [&] {
    std::map<std::string, std::string> made;
    for (const InventoryEntry& entry : recipe_->inventory(as_restored(back_up()), context_)) {
      EXPECT_TRUE(made.emplace(entry.kind + " " + entry.id, entry.fingerprint).second);
      if (entry.id == "home") {
        EXPECT_EQ(entry.name, "Home");
      }
    }
    return made;
  };
  const auto before = fingerprints();
  EXPECT_EQ(before.count("alert rule rule-slow"), 1u);
  Json dashboards = grafana_.kept(1, "dashboards");
  dashboards["nodes"]["dashboard"]["id"] = 12345;
  dashboards["nodes"]["dashboard"]["version"] = 99;
  grafana_.put(1, "dashboards", dashboards);
  EXPECT_EQ(fingerprints(), before);
  dashboards["nodes"]["dashboard"]["title"] = "Renamed";
  grafana_.put(1, "dashboards", dashboards);
  auto after = fingerprints();
  EXPECT_NE(after["dashboard nodes"], before.at("dashboard nodes"));
  after["dashboard nodes"] = before.at("dashboard nodes");
  EXPECT_EQ(after, before);
}

TEST_F(GrafanaRecipeTest, CheckTellsRightsAndTheMissingDatabase) {
  grafana_.seed();
  use_token();
  auto findings = recipe_->check(service_, context_);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_THAT(findings[0].message, HasSubstr("Grafana 11.6.0 answers: 1 organization"));
  EXPECT_EQ(findings[1].level, Finding::Level::warning);
  use_token(test::fake_grafana_viewer_token);
  use_folder();
  findings = recipe_->check(service_, context_);
  EXPECT_EQ(findings[0].level, Finding::Level::error);
  EXPECT_EQ(findings[1].level, Finding::Level::ok);
  EXPECT_THAT(findings[1].message, HasSubstr("3 secrets, all open"));
}

TEST_F(GrafanaRecipeTest, TheCardNamesTheServiceAndStockCommands) {
  use_folder();
  const std::string card = recipe_->restore_card(service_, back_up().facts);
  EXPECT_THAT(
      card, AllOf(HasSubstr("cp grafana/grafana.db DATA/"), HasSubstr("secret_key"),
                  HasSubstr(home().native()), HasSubstr("grafana-clock-panel"),
                  Not(HasSubstr("a-key-of-its-own")), Not(HasSubstr("{0}")), Not(HasSubstr("{{"))));
}

}  // namespace
}  // namespace lifeboat
