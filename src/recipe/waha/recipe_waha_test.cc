#include "recipe/waha/recipe_waha.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.h"
#include "recipe/sqlite/sqlite.h"
#include "recipe/waha/sessions.h"
#include "support/doubles.h"
#include "support/folder_recipe_test.h"
#include "support/http_server.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using test::shell_ok;
using test::write_file;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class WahaRecipeTest : public test::FolderRecipeTest<SystemClock> {
 protected:
  WahaRecipeTest() : FolderRecipeTest(make_waha_recipe(), "waha") {
    write_file(folder_ / "live/noweb/main/.waha.session.config.json", R"({"name":"main"})");
    write_file(folder_ / "live/noweb/main/creds.json", R"({"noiseKey":"secret-key"})");
    write_file(folder_ / "live/noweb/main/pre-key-1.json", "{}");
    write_database("noweb/main/store.sqlite3");
    write_database("all/waha.sqlite3");
  }

  void write_database(const std::string& path) {
    fs::create_directories((folder_ / "live" / path).parent_path());
    SqliteDatabase database(folder_ / "live" / path, SqliteOpen::write);
    database.exec("PRAGMA journal_mode=WAL");
    database.exec("CREATE TABLE messages(id INTEGER PRIMARY KEY, body TEXT)");
    database.exec("INSERT INTO messages(body) VALUES (hex(randomblob(3000))), ('last')");
  }
  std::string last_message(const fs::path& file) {
    SqliteDatabase database(file, SqliteOpen::copy);
    return database.query_text("SELECT body FROM messages ORDER BY id DESC LIMIT 1");
  }
};

TEST_F(WahaRecipeTest, BacksUpSessionsAndPassesItsProbes) {
  const RestoredService restored = backup();
  EXPECT_THAT(made_.facts.items,
              ElementsAre(Item{"sessions", 1, "WAHA session", "WAHA sessions", true}));
  EXPECT_THAT(made_.warnings, IsEmpty());
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_THAT(print_json(facts_to_json(made_.facts)), Not(HasSubstr("secret-key")));
}

TEST_F(WahaRecipeTest, DatabasesUnderAWriterAreSnapshotsWithoutSideFiles) {
  const fs::path live = folder_ / "live/noweb/main/store.sqlite3";
  SqliteDatabase writer(live, SqliteOpen::write);
  writer.exec("INSERT INTO messages(body) VALUES ('only in the log')");
  ASSERT_GT(fs::file_size(live.native() + "-wal"), 0u);
  const RestoredService restored = backup();
  EXPECT_EQ(last_message(restored.directory / "noweb/main/store.sqlite3"), "only in the log");
  EXPECT_THAT(made_.paths, Not(Contains(HasSubstr("-wal"))));
  EXPECT_THAT(made_.paths, Not(Contains(HasSubstr("-shm"))));
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(WahaRecipeTest, ChromiumProfilesAreCopiedRawWithoutTheirLocks) {
  const fs::path profile = folder_ / "live/webjs/shop";
  write_file(profile / "Default/Cookies", std::string("SQLite format 3\0torn", 20));
  fs::create_symlink("vps-1234", profile / "SingletonLock");
  write_file(profile / "SingletonCookie", "x");
  write_file(folder_ / "live/webjs/other/session/Default/Preferences", "{}");
  const RestoredService restored = backup();
  EXPECT_EQ(made_.facts.find("sessions")->count, 3u);
  EXPECT_THAT(made_.paths, Contains("webjs/shop/Default/Cookies"));
  EXPECT_THAT(made_.paths, Not(Contains(HasSubstr("Singleton"))));
  EXPECT_THAT(made_.facts.consistency, HasSubstr("copied raw"));
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(WahaRecipeTest, CountsOnlyWhatLooksLikeASession) {
  write_file(folder_ / "live/noweb/media/file.bin", "x");
  write_file(folder_ / "live/creds.json", "{}");
  write_file(folder_ / "live/noweb/creds.json", "{}");
  write_file(folder_ / "live/noweb/deep/er/creds.json", "{}");
  write_file(folder_ / "live/gows/fast/gows.db", "x");
  const WahaSessions sessions = find_sessions(folder_ / "live", {});
  EXPECT_THAT(sessions.names, ElementsAre("gows/fast", "noweb/main"));
  EXPECT_THAT(sessions.profiles, IsEmpty());
}

TEST_F(WahaRecipeTest, EverySabotageIsCaught) {
  EXPECT_THAT(test::uncaught_sabotages(*recipe_, context_, [&] { return backup(); }), IsEmpty());
}

TEST_F(WahaRecipeTest, TornJsonIsNamedAndFailsTheDrillWithoutItsContent) {
  write_file(folder_ / "live/noweb/main/creds.json", R"({"noiseKey":"secret-ke)");
  const RestoredService restored = backup();
  EXPECT_THAT(made_.warnings,
              ElementsAre("'noweb/main/creds.json': it is not a whole JSON object"));
  EXPECT_THAT(failed(restored), ElementsAre(HasSubstr("creds.json")));
  EXPECT_THAT(failed(restored)[0], Not(HasSubstr("secret")));
}

TEST_F(WahaRecipeTest, DamagedDatabaseFailsTheService) {
  write_file(folder_ / "live/all/waha.sqlite3", std::string("SQLite format 3\0garbage", 23));
  fs::remove(folder_ / "live/all/waha.sqlite3-wal");
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("waha.sqlite3"));
}

TEST_F(WahaRecipeTest, ServerIsAskedForStatesOnlyWhereItsAddressIsGiven) {
  test::ServedResponse response{200, {}, R"([{"name":"main","status":"WORKING"}])"};
  const test::HttpServer server([&](const test::ServedRequest&) { return response; });
  backup();
  EXPECT_THAT(server.requests(), IsEmpty());
  service_.settings.set("url", server.url());
  service_.settings.set("api_key", std::make_shared<const Secret>("waha-key"));
  const RestoredService restored = backup();
  ASSERT_EQ(server.requests().size(), 1u);
  EXPECT_EQ(server.requests()[0].target, "/api/sessions?all=true");
  EXPECT_EQ(server.requests()[0].headers.at("x-api-key"), "waha-key");
  EXPECT_EQ(made_.facts.details["server_sessions"]["main"], "WORKING");
  EXPECT_THAT(made_.warnings, IsEmpty());
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_EQ(server.requests().size(), 1u) << "the drill asks nobody";

  response.body = "[]";
  backup();
  EXPECT_THAT(made_.warnings, ElementsAre("the server lists 0 sessions, the folder holds 1"));
  for (const auto& [status, body] :
       {std::pair(401, "{}"), std::pair(200, "{\"key\":\"waha-secret\""),
        std::pair(200, "[{\"name\":5}]")}) {
    response.status = status;
    response.body = body;
    EXPECT_THAT(failed(backup()), IsEmpty());
    EXPECT_THAT(made_.warnings, ElementsAre(HasSubstr("list the sessions of http://127.0.0.1")));
    EXPECT_THAT(made_.warnings[0], Not(HasSubstr("waha-")));
    EXPECT_EQ(made_.facts.missing.size(), 1u);
  }
}

TEST_F(WahaRecipeTest, NoSessionIsAWarning) {
  fs::remove_all(folder_ / "live/noweb");
  EXPECT_THAT(failed(backup()), IsEmpty());
  EXPECT_THAT(made_.warnings, ElementsAre(HasSubstr("holds no session")));
  const std::vector<Finding> findings = recipe_->check(service_, context_);
  ASSERT_EQ(findings.size(), 2u);
  EXPECT_EQ(findings[1].level, Finding::Level::warning);
}

}  // namespace
}  // namespace lifeboat
