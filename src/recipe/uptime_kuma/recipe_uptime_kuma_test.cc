#include "recipe/uptime_kuma/recipe_uptime_kuma.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/format.h"
#include "recipe/mysql/scratch_server.h"
#include "recipe/sqlite/sqlite.h"
#include "recipe/uptime_kuma/instance.h"
#include "support/doubles.h"
#include "support/folder_recipe_test.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using test::slurp;
using test::write_file;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

// Of the database that Uptime Kuma begins with; tests/live has a real one.
constexpr const char* schema = R"(
PRAGMA journal_mode = WAL;
CREATE TABLE [user]([id] INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  [username] VARCHAR(255) NOT NULL UNIQUE, [password] VARCHAR(255),
  [active] BOOLEAN NOT NULL DEFAULT 1, [timezone] VARCHAR(150));
CREATE TABLE [setting]([id] INTEGER PRIMARY KEY AUTOINCREMENT,
  [key] VARCHAR(200) NOT NULL UNIQUE, [value] VARCHAR(200), [type] VARCHAR(20));
CREATE TABLE [notification]([id] INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, [name] VARCHAR(255),
  [config] VARCHAR(255), [active] BOOLEAN NOT NULL DEFAULT 1, [user_id] INTEGER NOT NULL);
CREATE TABLE "monitor"("id" INTEGER NOT NULL, "name" VARCHAR(150),
  "active" BOOLEAN NOT NULL DEFAULT 1, "user_id" INTEGER, "interval" INTEGER NOT NULL DEFAULT 20,
  "url" TEXT, "type" VARCHAR(20), PRIMARY KEY("id" AUTOINCREMENT),
  FOREIGN KEY("user_id") REFERENCES "user"("id") ON DELETE SET NULL ON UPDATE CASCADE);
CREATE TABLE [heartbeat]([id] INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL,
  [important] BOOLEAN NOT NULL DEFAULT 0,
  [monitor_id] INTEGER NOT NULL REFERENCES [monitor]([id]) ON DELETE CASCADE ON UPDATE CASCADE,
  [status] SMALLINT NOT NULL, [msg] TEXT, [time] DATETIME NOT NULL);
INSERT INTO user(username, password) VALUES ('admin', '$2a$10$x');
INSERT INTO setting(key, value) VALUES ('jwtSecret', '"$2a$10$signs"');
INSERT INTO notification(name, config, user_id)
  VALUES ('hook', '{"type":"webhook","webhookURL":"https://x/secret-hook"}', 1);
INSERT INTO monitor(name, user_id, url) VALUES ('shop', 1, 'https://a'), ('mail', 1, 'https://b'),
  ('api', 1, 'https://c');
INSERT INTO heartbeat(monitor_id, status, time) SELECT id, 1, '2026-05-07 02:00:00' FROM monitor;
)";

class UptimeKumaRecipeTest : public test::FolderRecipeTest<SystemClock> {
 protected:
  UptimeKumaRecipeTest() : FolderRecipeTest(make_uptime_kuma_recipe(), "kuma") {
    fs::create_directory(live(""));
    writer.emplace(live("kuma.db"), SqliteOpen::write);
    writer->exec(schema);
    config("sqlite");
    write_file(live("upload/logo.png"), "icon");
    write_file(live("docker-tls/1/key.pem"), "key");
    write_file(live("screenshots/1.png"), "shot");
  }
  fs::path live(const std::string& path) const { return folder_ / ("live/" + path); }
  void config(const std::string& type, const std::string& more = "") {
    write_file(live("db-config.json"), format(R"({{"type": "{}"{}}})", type, more));
  }
  std::optional<SqliteDatabase> writer;  // as the running server: its log is not in the file
};

TEST_F(UptimeKumaRecipeTest, BacksUpWhatCountsUnderItsWriter) {
  ASSERT_GT(fs::file_size(live("kuma.db-wal")), 0u);
  const RestoredService restored = backup();
  EXPECT_THAT(made_.paths, ElementsAre("db-config.json", "kuma.db", "upload", "upload/logo.png",
                                       "docker-tls", "docker-tls/1", "docker-tls/1/key.pem"));
  EXPECT_THAT(made_.facts.items,
              ElementsAre(Item{"monitors", 3, "monitor", "monitors", true},
                          Item{"notifications", 1, "notification", "notifications", false},
                          Item{"users", 1, "user", "users", false},
                          Item{"heartbeats", 3, "heartbeat", "heartbeats", false},
                          Item{"uploads", 1, "upload", "uploads", false}));
  EXPECT_THAT(made_.facts.missing, ElementsAre(HasSubstr("'screenshots'")));
  EXPECT_THAT(made_.warnings, IsEmpty());
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_THAT(print_json(facts_to_json(made_.facts)), Not(HasSubstr("secret-hook")));
}

TEST_F(UptimeKumaRecipeTest, AOneIsKnownByWhatItLacks) {
  fs::remove(live("db-config.json"));
  EXPECT_THAT(failed(backup()), IsEmpty());
  EXPECT_THAT(made_.paths, Not(Contains("db-config.json")));
  EXPECT_EQ(made_.facts.details["type"], "none");
  service_.settings.set("path", (folder_ / "above").native());
  fs::create_directory(folder_ / "above");
  writer.reset();
  fs::rename(folder_ / "live", folder_ / "above/data");
  EXPECT_THAT(failed(backup()), IsEmpty()) << "the folder above may be given";
}

TEST_F(UptimeKumaRecipeTest, EverySabotageIsCaught) {
  int done = 0;
  for (const Sabotage& sabotage : recipe_->sabotages()) {
    const RestoredService restored = backup();
    ASSERT_THAT(failed(restored), IsEmpty());
    try {
      sabotage.apply(restored);
      ++done;
    } catch (const Error&) {
      continue;  // of another database
    }
    EXPECT_THAT(failed(restored), Not(IsEmpty())) << sabotage.name;
  }
  EXPECT_EQ(done, 4);
}

TEST_F(UptimeKumaRecipeTest, TheDrillMissesWhatAPersonWould) {
  const RestoredService restored = backup();
  fs::remove(restored.directory / "upload/logo.png");
  write_file(restored.directory / "db-config.json", R"({"type": "mariadb"})");
  SqliteDatabase(restored.directory / "kuma.db", SqliteOpen::write).exec("DELETE FROM setting");
  EXPECT_THAT(failed(restored), ElementsAre(HasSubstr("expected sqlite, found mariadb"),
                                            HasSubstr("count of uploads: expected 1, found 0"),
                                            HasSubstr("the secret that signs logins")));
}

TEST_F(UptimeKumaRecipeTest, AnExternalDatabaseIsRefusedUntilSomebodyTakesCare) {
  config("mariadb", R"(, "hostname": "db.example.org", "password": "geheim")");
  const std::string told = error_text([&] { backup(); });
  EXPECT_THAT(told, AllOf(HasSubstr("in the MariaDB at 'db.example.org'"),
                          HasSubstr("recipe 'mysql'"), Not(HasSubstr("geheim"))));
  EXPECT_EQ(recipe_->check(service_, context_).at(0).level, Finding::Level::error);
  service_.settings.set("external_database", true);
  EXPECT_THAT(recipe_->check(service_, context_), IsEmpty());
  EXPECT_THAT(failed(backup()), IsEmpty());
  EXPECT_THAT(made_.paths, Not(Contains("kuma.db")));
  EXPECT_THAT(made_.paths, Contains("upload/logo.png"));
  EXPECT_THAT(made_.facts.missing, Contains(HasSubstr("a service of its own")));
  EXPECT_EQ(made_.facts.find("monitors"), nullptr);
}

TEST_F(UptimeKumaRecipeTest, OtherFoldersTypesAndDatabasesAreRefused) {
  config("postgres", R"(, "password": "geheim")");
  EXPECT_THAT(error_text([&] { backup(); }),
              AllOf(HasSubstr("'type' is none that is known"), Not(HasSubstr("geheim"))));
  write_file(live("db-config.json"), R"({"type": "sqlite", "password": "geh)");
  EXPECT_THAT(error_text([&] { backup(); }), Not(HasSubstr("geh)")));
  config("sqlite");
  writer->exec("DROP TABLE notification");
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("no table 'notification'"));
  service_.settings.set("path", folder_.path().native());
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("has at /app/data"));
}

TEST_F(UptimeKumaRecipeTest, InventoryNamesMonitorsAndNotifications) {
  const auto before = recipe_->inventory(backup(), context_);
  ASSERT_EQ(before.size(), 4u);
  EXPECT_EQ(before[0].kind, "monitor");
  EXPECT_EQ(before[0].name, "shop");
  EXPECT_EQ(before[3].kind, "notification");
  writer->exec("UPDATE monitor SET url = 'https://d' WHERE name = 'shop'");
  const auto after = recipe_->inventory(backup(), context_);
  EXPECT_NE(after[0].fingerprint, before[0].fingerprint);
  EXPECT_EQ(after[1].fingerprint, before[1].fingerprint);
}

TEST_F(UptimeKumaRecipeTest, ReplacesWhatWasKeptAndTheLogGoes) {
  const RestoredService restored = backup();
  writer->exec("DELETE FROM heartbeat; DELETE FROM monitor");
  config("embedded-mariadb");
  fs::remove(live("upload/logo.png"));
  const ReplaceReport report = recipe_->replace(service_, restored, context_);
  EXPECT_FALSE(fs::exists(live("kuma.db-wal")));
  EXPECT_EQ(SqliteDatabase(live("kuma.db"), SqliteOpen::copy)
                .query_integer("SELECT count(*) FROM monitor"),
            3);
  EXPECT_THAT(slurp(live("db-config.json")), HasSubstr("sqlite"));
  EXPECT_EQ(slurp(live("upload/logo.png")), "icon");
  EXPECT_EQ(slurp(live("screenshots/1.png")), "shot");
  EXPECT_TRUE(fs::exists(fs::path(report.kept.at(0)) / "kuma.db-wal"));
}

TEST_F(UptimeKumaRecipeTest, AOneOverATwoTakesItsConfigAway) {
  fs::remove(live("db-config.json"));
  const RestoredService restored = backup();
  config("embedded-mariadb");
  const ReplaceReport report = recipe_->replace(service_, restored, context_);
  EXPECT_FALSE(fs::exists(live("db-config.json")));
  EXPECT_TRUE(fs::exists(fs::path(report.kept.at(0)) / "db-config.json"));
}

TEST_F(UptimeKumaRecipeTest, TheCardNamesTheFilesAndTheLog) {
  backup();
  EXPECT_THAT(recipe_->restore_card(service_, made_.facts),
              AllOf(HasSubstr("rm -f DATA/kuma.db-wal"), HasSubstr("cp -a kuma/. DATA/")));
}

// On a real MariaDB, at the socket where Uptime Kuma's own listens.
class KumaOnMariadb : public UptimeKumaRecipeTest {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "needs root, whom the socket lets in";
    std::string why_not;
    server_ = start_mysql_on_host(server_folder_.path(), {}, context_, why_not);
    if (!server_) GTEST_SKIP() << why_not << ": install mariadb-server";
    fs::remove(live("kuma.db"));
    config("embedded-mariadb");
    fs::create_directory(live("run"));
    fs::create_symlink(scratch_mysql_socket(server_folder_.path()), live("run/mariadb.sock"));
    server_->server().query(
        "CREATE DATABASE kuma; USE kuma; CREATE TABLE monitor(id INT PRIMARY KEY, name TEXT);"
        "CREATE TABLE notification(id INT PRIMARY KEY, name TEXT, config TEXT);"
        "CREATE TABLE user(id INT PRIMARY KEY, username TEXT);"
        "CREATE TABLE heartbeat(id INT PRIMARY KEY, monitor_id INT);"
        "INSERT INTO monitor VALUES (1, 'shop'), (2, 'mail'); INSERT INTO user VALUES (1, 'admin');"
        "INSERT INTO notification VALUES (1, 'hook', '{}')");
  }
  test::TempFolder server_folder_;
  std::unique_ptr<ScratchMysqlServer> server_;
};

TEST_F(KumaOnMariadb, IsDumpedByItsSocketAndLoadsAgain) {
  const RestoredService restored = backup();
  EXPECT_THAT(made_.paths, AllOf(Contains("db-config.json"), Contains("databases/kuma.sql"),
                                 Contains("upload/logo.png"), Not(Contains("kuma.db"))));
  EXPECT_EQ(made_.facts.find("monitors")->count, 2u);
  EXPECT_EQ(made_.facts.find("heartbeats")->count, 0u);
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_THAT(recipe_->restore_card(service_, made_.facts), HasSubstr("databases/kuma.sql"));
  EXPECT_EQ(recipe_->check(service_, context_).at(0).level, Finding::Level::ok);
  const test::TempFolder ground_folder;
  ProvingGround ground{nullptr, ground_folder.path()};
  std::string why_not;
  const auto answers = recipe_->prove(restored, ground, context_, why_not);
  EXPECT_THAT(answers, Not(IsEmpty())) << why_not;
  EXPECT_THAT(test::failed_probes(answers), IsEmpty());
}

TEST_F(KumaOnMariadb, EverySabotageIsCaught) {
  int done = 0;
  for (const Sabotage& sabotage : recipe_->sabotages()) {
    const RestoredService restored = backup();
    try {
      sabotage.apply(restored);
      ++done;
    } catch (const Error&) {
      continue;  // of another database
    }
    EXPECT_THAT(failed(restored), Not(IsEmpty())) << sabotage.name;
  }
  EXPECT_EQ(done, 4);
}

TEST_F(KumaOnMariadb, AServerThatIsDownFailsWithWhatToDo) {
  server_.reset();
  EXPECT_THAT(error_text([&] { backup(); }),
              AllOf(HasSubstr("dump the embedded MariaDB"), HasSubstr("runs only while")));
  EXPECT_EQ(recipe_->check(service_, context_).at(0).level, Finding::Level::error);
}

}  // namespace
}  // namespace lifeboat
