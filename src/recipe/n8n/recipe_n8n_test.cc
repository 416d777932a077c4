#include "recipe/n8n/recipe_n8n.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/format.h"
#include "crypto/openssl_salted.h"
#include "docker/scripted_engine_test_kit.h"
#include "recipe/n8n/instance.h"
#include "recipe/sqlite/sqlite.h"
#include "support/doubles.h"
#include "support/http_server.h"
#include "support/n8n_sample.h"
#include "support/recipe_drive.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class N8nRecipeTest : public testing::Test {
 protected:
  N8nRecipeTest() { service_.settings.set("path", home().native()); }

  fs::path home() const { return folder_ / "home"; }
  fs::path restored() const { return folder_ / "restored"; }
  void make(const test::N8nSampleOptions& options = {}) {
    test::make_n8n_sample(home(), options, random_);
  }
  void set_secret(const std::string& name, std::string_view value) {
    service_.settings.set(name, std::make_shared<const Secret>(value));
  }
  void change(const std::string& sql) {
    SqliteDatabase(home() / "database.sqlite", SqliteOpen::write).exec(sql);
  }
  test::DrivenBackup back_up() {
    return test::drive_backup(*recipe_, service_, context_, restored());
  }
  std::vector<std::string> failures(const Facts& facts) {
    return test::failed_probes(recipe_->probe({"n8n", restored(), facts}, context_));
  }
  Json restored_json(const char* name) { return parse_json(test::slurp(restored() / name), name); }
  std::string refusal() {
    return error_text([&] { recipe_->plan(service_, context_); });
  }

  test::TempFolder folder_;
  SystemClock clock_;
  test::SeededRandom random_;
  RecipeContext context_{clock_,         random_,           {},
                         folder_.path(), folder_ / "state", folder_ / "no-engine.sock"};
  std::unique_ptr<Recipe> recipe_ = make_n8n_recipe();
  Service service_{"n8n", "n8n", {}};
};

TEST_F(N8nRecipeTest, BacksUpInBothJournalModesAndItsProbesPass) {
  for (const bool as_wal : {true, false}) {
    test::N8nSampleOptions options;
    options.as_wal = as_wal;
    make(options);
    const test::DrivenBackup made = back_up();
    EXPECT_THAT(made.paths,
                ElementsAre("workflows.json", "credentials.json", "database.sqlite", "config",
                            "binaryData", "binaryData/workflows", "binaryData/workflows/picture",
                            "nodes", "nodes/package.json"));
    EXPECT_EQ(made.metas.at("config").mode, 0600u);
    EXPECT_EQ(made.facts.find("workflows")->count, 12u);
    EXPECT_EQ(made.facts.find("credentials")->count, 8u);
    EXPECT_EQ(made.facts.details["database"]["journal_mode"], as_wal ? "wal" : "rollback");
    EXPECT_EQ(made.facts.details["active_workflows"], 4);
    EXPECT_THAT(made.facts.missing, ElementsAre(HasSubstr("'url' is not set")));
    EXPECT_THAT(made.warnings, IsEmpty());
    EXPECT_THAT(failures(made.facts), IsEmpty());
    EXPECT_EQ(test::slurp(restored() / "config"), test::slurp(home() / "config"));
    fs::remove_all(home());
    fs::remove_all(restored());
  }
}

TEST_F(N8nRecipeTest, WritesTheJsonThatN8nImports) {
  make();
  change(
      "UPDATE workflow_entity SET createdAt = '2026-11-23 12:59:57.859', name = 'a \"b\" \n é', "
      "parentFolderId = NULL, meta = 'not json' WHERE id = 'flow000000000001'");
  back_up();
  const Json workflows = restored_json("workflows.json");
  ASSERT_EQ(workflows.size(), 12u);
  const Json& first = workflows[0];
  EXPECT_EQ(first["id"], "flow000000000001");
  EXPECT_EQ(first["name"], "a \"b\" \n é");
  EXPECT_EQ(first["active"], false);
  EXPECT_EQ(workflows[2]["active"], true);
  EXPECT_EQ(first["createdAt"], "2026-11-23T12:59:57.859Z");
  EXPECT_EQ(first["nodes"][1]["credentials"]["httpHeaderAuth"]["id"], "cred000000000001");
  EXPECT_EQ(first["staticData"], nullptr);
  EXPECT_EQ(first["meta"], "not json");
  EXPECT_EQ(first["triggerCount"], 0);
  EXPECT_FALSE(first.contains("parentFolderId"));
  EXPECT_EQ(first["tags"][0]["name"], "prod");
  EXPECT_EQ(workflows[1]["tags"], Json::array());
  EXPECT_EQ(first["shared"][0]["role"], "workflow:owner");
  EXPECT_EQ(first["shared"][0]["project"]["type"], "personal");

  const Json credentials = restored_json("credentials.json");
  ASSERT_EQ(credentials.size(), 8u);
  EXPECT_EQ(credentials[7]["isManaged"], false);
  const Secret plain = openssl_salted_decrypt(credentials[7]["data"].get<std::string>(),
                                              test::N8nSampleOptions().key);
  EXPECT_THAT(std::string(plain.reveal()), HasSubstr("secret-value-8"));
}

TEST_F(N8nRecipeTest, AnEmptyN8nIsBackedUpToo) {
  make({0, 0});
  const test::DrivenBackup made = back_up();
  EXPECT_EQ(restored_json("workflows.json"), Json::array());
  EXPECT_EQ(restored_json("credentials.json"), Json::array());
  EXPECT_THAT(failures(made.facts), IsEmpty());
}

TEST_F(N8nRecipeTest, ItsProbesNoticeEverySabotage) {
  make();
  for (const Sabotage& sabotage : recipe_->sabotages()) {
    const test::DrivenBackup made = back_up();
    ASSERT_THAT(failures(made.facts), IsEmpty());
    sabotage.apply({"n8n", restored(), made.facts});
    EXPECT_THAT(failures(made.facts), Not(IsEmpty())) << sabotage.name;
    fs::remove_all(restored());
  }
}

TEST_F(N8nRecipeTest, AWrongKeyFailsByDecryptingAloneAndNamesTheCredentials) {
  make();
  const test::DrivenBackup made = back_up();
  recipe_->sabotages()[2].apply({"n8n", restored(), made.facts});
  EXPECT_THAT(
      failures(made.facts),
      ElementsAre(AllOf(HasSubstr("every credential decrypts: expected 8 of 8, found 0 of 8"),
                        HasSubstr("cred-1 (httpHeaderAuth), cred-2"), HasSubstr("5 more"),
                        Not(HasSubstr("secret-value")))));
}

TEST_F(N8nRecipeTest, EverythingComesFromTheMomentOfThePlan) {
  for (const bool as_wal : {true, false}) {
    test::N8nSampleOptions options;
    options.as_wal = as_wal;
    make(options);
    const auto plan = recipe_->plan(service_, context_);
    for (int number = 13; number <= 20; ++number) {
      test::add_n8n_workflow(home(), number);
      std::optional<Member> member = plan->next();
      if (!member || !member->open) continue;
      const auto source = member->open();
      test::write_file(restored() / member->meta.path, test::drain(*source));
    }
    EXPECT_EQ(plan->facts().find("workflows")->count, 12u);
    EXPECT_EQ(restored_json("workflows.json").size(), 12u);
    EXPECT_EQ(SqliteDatabase(restored() / "database.sqlite", SqliteOpen::copy)
                  .query_integer("SELECT count(*) FROM workflow_entity"),
              12);
    fs::remove_all(home());
    fs::remove_all(restored());
  }
}

TEST_F(N8nRecipeTest, CredentialsOfAnotherKeyAreALoudWarningOnTheFirstNight) {
  make();
  change("UPDATE credentials_entity SET data = '" +
         openssl_salted_encrypt(as_bytes("{}"), "another key", random_) +
         "' WHERE id = 'cred000000000003'");
  const test::DrivenBackup made = back_up();
  EXPECT_THAT(made.warnings, ElementsAre(AllOf(HasSubstr("1 of 8 credentials DO NOT DECRYPT"),
                                               HasSubstr("cred-3 (httpHeaderAuth)"))));
  EXPECT_EQ(made.facts.details["credentials_that_decrypt"], 7);
  EXPECT_THAT(failures(made.facts), ElementsAre(HasSubstr("expected 8 of 8, found 7 of 8")));
}

TEST_F(N8nRecipeTest, TheKeyMayComeFromTheSettingOnly) {
  make();
  fs::remove(home() / "config");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("find n8n's encryption key"),
                               HasSubstr("hint: If n8n gets its key by N8N_ENCRYPTION_KEY")));
  set_secret("encryption_key", test::N8nSampleOptions().key);
  const test::DrivenBackup made = back_up();
  EXPECT_THAT(made.warnings, ElementsAre(HasSubstr("was made from 'encryption_key'")));
  EXPECT_THAT(failures(made.facts), IsEmpty());

  test::write_file(home() / "config", std::string_view("{\"encryptionKey\": \"some-other-key\"}"));
  const std::vector<std::string> warnings = back_up().warnings;
  EXPECT_THAT(warnings, Contains(HasSubstr("is not the one of 'encryption_key'")));
  for (const std::string& told : warnings) EXPECT_THAT(told, Not(HasSubstr("some-other-key")));

  test::write_file(home() / "config", std::string_view("some-other-key"));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("not a JSON object"), Not(HasSubstr("some-other-key"))));
}

TEST_F(N8nRecipeTest, AKeyIsUsedByteForByteAsN8nDoes) {
  // node: Buffer.from('aé€😀', 'binary').toString('hex') is '61e9ac3d00'
  EXPECT_EQ(hex_encode(n8n_passphrase("aé€😀").view()), "61e9ac3d00");
  EXPECT_EQ(n8n_passphrase("").size(), 0u);
  EXPECT_EQ(n8n_passphrase("\xF0").size(), 1u) << "cut-off UTF-8 stays inside";
}

TEST_F(N8nRecipeTest, TheFolderMayBeTheOneAbove) {
  test::make_n8n_sample(home() / ".n8n", {}, random_);
  EXPECT_EQ(back_up().facts.find("workflows")->count, 12u);
  fs::remove(home() / ".n8n" / "database.sqlite");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("there is no database.sqlite"), HasSubstr("PostgreSQL")));
}

TEST_F(N8nRecipeTest, BinaryDataCanBeLeftOutAndIsThenNamed) {
  make();
  service_.settings.set("include_binary_data", false);
  const test::DrivenBackup made = back_up();
  EXPECT_THAT(made.paths, Not(Contains("binaryData")));
  EXPECT_THAT(made.facts.missing, Contains(HasSubstr("'binaryData'")));
}

TEST_F(N8nRecipeTest, AnotherDatabaseIsRefused) {
  fs::create_directories(home());
  change("CREATE TABLE t(x)");
  test::write_file(home() / "config", std::string_view("{\"encryptionKey\": \"k\"}"));
  EXPECT_THAT(refusal(), AllOf(HasSubstr("no table 'workflow_entity'"), HasSubstr("hint: ")));
}

TEST_F(N8nRecipeTest, CheckTellsAllOfIt) {
  auto findings = recipe_->check(service_, context_);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[0].level, Finding::Level::error);
  EXPECT_THAT(findings[1].message, HasSubstr("no REST export"));
  make();
  EXPECT_EQ(recipe_->check(service_, context_)[0].level, Finding::Level::ok);
  test::write_file(home() / "config", std::string_view("{\"encryptionKey\": \"wrong\"}"));
  EXPECT_THAT(recipe_->check(service_, context_)[0].message,
              HasSubstr("8 of 8 credentials do not decrypt"));
}

TEST_F(N8nRecipeTest, InventoryLooksIntoCredentialsAndPastTheirSalt) {
  make();
  const test::DrivenBackup made = back_up();
  const RestoredService state{"n8n", restored(), made.facts};
  const auto inventory = [&] {
    std::map<std::string, std::string> all;
    for (const InventoryEntry& entry : recipe_->inventory(state, context_)) {
      all[entry.kind + " " + entry.id] = entry.fingerprint;
    }
    return all;
  };
  const auto change_copy = [&](const std::string& sql) {
    SqliteDatabase(restored() / "database.sqlite", SqliteOpen::write).exec(sql);
  };
  const auto before = inventory();
  EXPECT_EQ(before.size(), 12u + 8u + 1u);
  const std::string plain(
      openssl_salted_decrypt(SqliteDatabase(restored() / "database.sqlite", SqliteOpen::copy)
                                 .query_text("SELECT data FROM credentials_entity LIMIT 1"),
                             test::N8nSampleOptions().key)
          .reveal());
  change_copy(format(
      "UPDATE credentials_entity SET data = '{}' WHERE id = (SELECT id FROM credentials_entity "
      "LIMIT 1); UPDATE workflow_entity SET updatedAt = '2030-01-01 00:00:00.000'",
      openssl_salted_encrypt(as_bytes(plain), test::N8nSampleOptions().key, random_)));
  EXPECT_EQ(inventory(), before) << "another salt and another time are no change";
  change_copy("UPDATE workflow_entity SET active = 1 - active WHERE id = 'flow000000000001'");
  auto after = inventory();
  EXPECT_NE(after["workflow flow000000000001"], before.at("workflow flow000000000001"));
  after["workflow flow000000000001"] = before.at("workflow flow000000000001");
  EXPECT_EQ(after, before);
}

TEST_F(N8nRecipeTest, ReplacesDatabaseKeyAndFoldersAndLeavesTheRest) {
  make();
  const test::DrivenBackup made = back_up();
  fs::permissions(restored() / "config", fs::perms(0644));
  change("DELETE FROM workflow_entity");
  test::write_file(home() / "database.sqlite-wal", "stale");
  test::write_file(home() / "n8nEventLog.log", "log");
  test::write_file(home() / "config", "{}");
  const ReplaceReport report =
      recipe_->replace(service_, {"n8n", restored(), made.facts}, context_);
  EXPECT_FALSE(fs::exists(home() / "database.sqlite-wal"));
  EXPECT_FALSE(fs::exists(home() / "workflows.json")) << "a means to restore, no file of n8n's";
  EXPECT_EQ(test::slurp(home() / "n8nEventLog.log"), "log");
  EXPECT_EQ(fs::status(home() / "config").permissions(), fs::perms(0600));
  EXPECT_EQ(test::slurp(fs::path(report.kept.at(0)) / "config"), "{}");
  fs::remove_all(restored());
  EXPECT_EQ(back_up().facts.find("workflows")->count, 12u);
}

TEST_F(N8nRecipeTest, AContainerWithAnotherKeyIsNotReplaced) {
  make();
  const test::DrivenBackup made = back_up();
  test::ScriptedEngine engine;
  engine.on("GET /containers/json?all=true",
            test::json_reply(200, format(R"([{{"Id": "c1", "Names": ["/n8n"], "State": "running",
              "Mounts": [{{"Type": "bind", "Source": "{}", "RW": true}}]}}])",
                                         home().native())));
  engine.on("GET /containers/c1/json",
            test::json_reply(200, R"({"Id": "c1", "Name": "/n8n", "State": {"Status": "running"},
              "Config": {"Env": ["N8N_ENCRYPTION_KEY=another-key"]}})"));
  context_.docker_socket = engine.socket_path();
  const std::string told = error_text([&] {
    recipe_->replace(service_, {"n8n", restored(), made.facts}, context_);
  });
  EXPECT_THAT(told, HasSubstr("container 'n8n' sets another N8N_ENCRYPTION_KEY"));
  EXPECT_THAT(told, Not(HasSubstr("another-key")));
  for (const std::string& request : engine.requests()) EXPECT_THAT(request, Not(HasSubstr("POST")));
}

TEST_F(N8nRecipeTest, TheCardNamesTheServiceAndStockCommands) {
  make();
  const std::string card = recipe_->restore_card(service_, back_up().facts);
  EXPECT_THAT(card, AllOf(HasSubstr("cp n8n/database.sqlite n8n/config DATA/"),
                          HasSubstr("import:credentials"), HasSubstr(home().native()),
                          Not(HasSubstr("{0}"))));
}

// ---- the REST export

class N8nRestTest : public N8nRecipeTest {
 protected:
  // Pages of five, as n8n pages: an opaque cursor.
  test::ServedResponse page(const test::ServedRequest& request) {
    if (request.headers.count("x-n8n-api-key") == 0 ||
        request.headers.at("x-n8n-api-key") != "the-api-key") {
      return {401, {}, R"({"message":"unauthorized"})"};
    }
    const size_t at = request.target.find("cursor=");
    int from = 1;
    if (at != std::string::npos) {
      EXPECT_EQ(request.target.substr(at + 7, 8), "eyJ%2Bb%");  // "eyJ+b=N", percent-encoded
      from = std::stoi(request.target.substr(request.target.find("%3D", at) + 3));
    }
    Json data = Json::array();
    for (int number = from; number < from + 5 && number <= served_; ++number) {
      data.push_back({{"id", format("flow{:012d}", number)}, {"name", format("flow-{}", number)}});
    }
    Json body = {{"data", data}, {"nextCursor", nullptr}};
    if (from + 5 <= served_) body["nextCursor"] = format("eyJ+b={}", from + 5);
    return {200, {}, print_json(body)};
  }
  void use(const test::HttpServer& server) {
    service_.settings.set("url", server.url() + "/");
    set_secret("api_key", "the-api-key");
  }

  int served_ = 12;
};

TEST_F(N8nRestTest, ThePagesBecomeAMemberThatAgrees) {
  make();
  const test::HttpServer server([this](const auto& request) { return page(request); });
  use(server);
  const test::DrivenBackup made = back_up();
  EXPECT_EQ(server.requests().size(), 3u);
  EXPECT_THAT(made.warnings, IsEmpty());
  EXPECT_THAT(made.facts.missing, IsEmpty());
  EXPECT_EQ(made.facts.details["rest_workflows"], 12);
  EXPECT_EQ(restored_json("rest/workflows.json").size(), 12u);
  EXPECT_EQ(made.paths[2], "rest/workflows.json");
}

TEST_F(N8nRestTest, DifferencesAreWarnings) {
  make({11, 8});
  change("UPDATE workflow_entity SET name = 'renamed' WHERE id = 'flow000000000002'");
  const test::HttpServer server([this](const auto& request) { return page(request); });
  use(server);
  EXPECT_THAT(back_up().warnings,
              ElementsAre(HasSubstr("flow000000000002 is 'renamed' in the database and 'flow-2'"),
                          HasSubstr("flow000000000012 'flow-12' is in the REST export and not")));
  served_ = 0;
  const std::vector<std::string> all = back_up().warnings;
  EXPECT_EQ(all.size(), 11u);
  EXPECT_THAT(all.back(), HasSubstr("1 more"));
}

TEST_F(N8nRestTest, ARefusalOrARubbishAnswerIsAWarningAndTheBackupGoesOn) {
  make();
  std::string body = "<html>";
  const test::HttpServer server([&](const auto& request) {
    return body.empty() ? page(request) : test::ServedResponse{200, {}, body};
  });
  use(server);
  const auto told = [&] {
    const test::DrivenBackup made = back_up();
    EXPECT_THAT(failures(made.facts), IsEmpty());
    EXPECT_THAT(made.facts.missing, ElementsAre(HasSubstr("n8n could not be asked")));
    EXPECT_EQ(made.warnings.size(), 1u);
    return made.warnings.empty() ? std::string() : made.warnings.front();
  };
  EXPECT_THAT(told(), HasSubstr("not valid JSON"));
  body = R"({"data": 5})";
  EXPECT_THAT(told(), HasSubstr("not a list of workflows"));
  body = R"({"data": [{"id": 7}]})";
  EXPECT_THAT(told(), HasSubstr("no id or name"));
  body = R"({"data": [], "nextCursor": "again"})";
  EXPECT_THAT(told(), HasSubstr("its pages never end"));
  body.clear();
  set_secret("api_key", "a-wrong-key");
  EXPECT_THAT(told(), AllOf(HasSubstr("n8n answers 401"), HasSubstr("Settings > n8n API"),
                            Not(HasSubstr("a-wrong-key"))));
  service_.settings.set("url", format("http://127.0.0.1:{}", test::closed_port()));
  EXPECT_THAT(told(), HasSubstr("REST export failed"));
}

}  // namespace
}  // namespace lifeboat
