// Traccar's schema, as its updates make it on MariaDB, in a real server.

#include "recipe/traccar/recipe_traccar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/text.h"
#include "recipe/mysql/mysql_test_kit.h"
#include "recipe/traccar/configuration.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* traccar_sql = R"(
CREATE DATABASE traccar CHARACTER SET utf8mb4; USE traccar;
CREATE TABLE DATABASECHANGELOG (ID VARCHAR(255) NOT NULL, AUTHOR VARCHAR(255) NOT NULL,
  FILENAME VARCHAR(255) NOT NULL, ORDEREXECUTED INT NOT NULL);
CREATE TABLE DATABASECHANGELOGLOCK (ID INT NOT NULL, LOCKED BIT(1) NOT NULL, LOCKGRANTED DATETIME,
  LOCKEDBY VARCHAR(255), PRIMARY KEY (ID));
INSERT INTO DATABASECHANGELOGLOCK VALUES (1, 0, NULL, NULL);
INSERT INTO DATABASECHANGELOG VALUES ('changelog-4.0-clean', 'author', 'changelog-4.0-clean', 1);
CREATE TABLE tc_servers (id INT AUTO_INCREMENT PRIMARY KEY, registration BIT(1) NOT NULL);
INSERT INTO tc_servers VALUES (1, 1);
CREATE TABLE tc_users (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(128) NOT NULL,
  email VARCHAR(128) NOT NULL UNIQUE, hashedpassword VARCHAR(128));
INSERT INTO tc_users (name, email) VALUES ('Ada', 'ada@example.org');
CREATE TABLE tc_devices (id INT AUTO_INCREMENT PRIMARY KEY, name VARCHAR(128) NOT NULL,
  uniqueid VARCHAR(128) NOT NULL UNIQUE, lastupdate TIMESTAMP NULL, positionid INT);
INSERT INTO tc_devices (name, uniqueid) VALUES ('Van 1', '111'), ('Van 2', '222'), ('Bus', '333');
CREATE TABLE tc_positions (id INT AUTO_INCREMENT PRIMARY KEY, deviceid INT NOT NULL,
  latitude DOUBLE NOT NULL, KEY position_deviceid_fixtime (deviceid));
INSERT INTO tc_positions (deviceid, latitude) VALUES (1, 48.1), (1, 48.2), (2, 50), (3, -1.5);
)";

class TraccarRecipeTest : public test::MysqlTest {
 protected:
  TraccarRecipeTest() : MysqlTest(make_traccar_recipe(), "traccar") {}
  void configure(const std::string& xml) {
    fs::create_directories(folder_ / "opt/conf");
    test::write_file(folder_ / "opt/conf/traccar.xml", xml);
    service_.settings.set("path", (folder_ / "opt").native());
  }
};

TEST_F(TraccarRecipeTest, BackupHoldsDatabaseConfigurationAndMedia) {
  sql(traccar_sql);
  use_backup_user();
  configure(
      "<properties>\n<!-- <entry key='database.url'>jdbc:h2:./data/database</entry> -->\n"
      "<entry key='database.url'>jdbc:mysql://db/traccar?serverTimezone=UTC</entry>\n");
  fs::create_directories(folder_ / "opt/media/111");
  test::write_file(folder_ / "opt/media/111/a.jpg", "photo");
  test::write_file(folder_ / "opt/tracker-server.jar", "not kept");
  const RestoredService restored = backup();
  EXPECT_THAT(driven_.paths,
              ElementsAre("databases/traccar.sql", "grants.sql", "conf", "conf/traccar.xml",
                          "media", "media/111", "media/111/a.jpg"));
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_THAT(restored.expected.missing, IsEmpty());
  EXPECT_EQ(restored.expected.find("devices")->count, 3u);
  EXPECT_TRUE(restored.expected.find("devices")->headline);
  EXPECT_EQ(restored.expected.find("users")->count, 1u);
  EXPECT_EQ(restored.expected.find("positions")->count, 4u);
  EXPECT_THAT(recipe_->restore_card(service_, restored.expected),
              AllOf(HasSubstr("Stop Traccar"), HasSubstr("`db/media` comes from")));
  EXPECT_EQ(recipe_->check(service_, context_).at(0).level, Finding::Level::ok);
  fs::remove(folder_ / "db/conf/traccar.xml");
  EXPECT_THAT(failed(restored), Contains(HasSubstr("configuration is there")));
}

TEST_F(TraccarRecipeTest, EverySabotageIsCaught) {
  sql(traccar_sql);
  EXPECT_THAT(test::uncaught_sabotages(*recipe_, context_, [&] { return backup(); }), IsEmpty());
}

TEST_F(TraccarRecipeTest, LockedUpdatesAreFoundHoweverTheyAreWritten) {
  sql(traccar_sql);
  sql("UPDATE traccar.DATABASECHANGELOGLOCK SET LOCKED = 1, LOCKEDBY = 'host'");
  EXPECT_THAT(failed(backup()), ElementsAre(HasSubstr("would wait for ever")));
  sql("ALTER TABLE traccar.DATABASECHANGELOGLOCK MODIFY LOCKED TINYINT(1) NOT NULL");
  EXPECT_THAT(failed(backup()), ElementsAre(HasSubstr("would wait for ever")));
  sql("UPDATE traccar.DATABASECHANGELOGLOCK SET LOCKED = 0");
  EXPECT_THAT(failed(backup()), IsEmpty());
}

TEST_F(TraccarRecipeTest, ProvesItselfInAServerOfItsOwn) {
  sql(traccar_sql);
  const RestoredService restored = backup();
  const auto prove = [&] {
    const test::TempFolder scratch;
    ProvingGround ground{nullptr, scratch.path()};
    std::string why_not;
    return recipe_->prove(restored, ground, context_, why_not);
  };
  const std::vector<ProbeResult> answers = prove();
  EXPECT_EQ(answers.size(), 3u + 4u);
  EXPECT_THAT(test::failed_probes(answers), IsEmpty());
  for (const Sabotage& sabotage : recipe_->sabotages()) {
    if (sabotage.name != "locked updates") continue;
    sabotage.apply(restored);
    EXPECT_THAT(test::failed_probes(prove()),
                ElementsAre(HasSubstr("the server finds Traccar's updates not locked")));
  }
}

TEST_F(TraccarRecipeTest, DiffKnowsUsersAndDevicesByName) {
  sql(traccar_sql);
  const auto inventory = [&] { return recipe_->inventory(backup(), context_); };
  const std::vector<InventoryEntry> before = inventory();
  ASSERT_GE(before.size(), 4u);
  EXPECT_EQ(before.at(0).kind + " " + before.at(0).name, "device Van 1 (111)");
  EXPECT_EQ(before.at(3).kind + " " + before.at(3).name, "user Ada (ada@example.org)");
  sql("UPDATE traccar.tc_devices SET lastupdate = now(), positionid = 4;"
      "UPDATE traccar.tc_devices SET name = 'Lorry' WHERE id = 2;");
  const std::vector<InventoryEntry> after = inventory();
  ASSERT_EQ(after.size(), before.size());
  std::vector<std::string> changed;
  for (size_t at = 0; at < before.size(); ++at) {
    if (before[at].fingerprint != after[at].fingerprint) changed.push_back(after[at].name);
  }
  EXPECT_THAT(changed, ElementsAre("Lorry (222)"));
}

TEST_F(TraccarRecipeTest, LiveTraccarIsReplaced) {
  sql(traccar_sql);
  const RestoredService restored = backup();
  sql("DELETE FROM traccar.tc_devices");
  EXPECT_THAT(recipe_->replace(service_, restored, context_).kept,
              ElementsAre(HasSubstr("traccar_before_")));
  EXPECT_EQ(sql("SELECT count(*) FROM traccar.tc_devices"), "3\n");
}

TEST_F(TraccarRecipeTest, OtherDatabasesAreRefused) {
  sql(traccar_sql);
  EXPECT_THAT(error_text([] { database_of_url("jdbc:h2:./data/database"); }), HasSubstr("H2"));
  EXPECT_EQ(database_of_url("jdbc:mariadb://127.0.0.1:3306/tracks?x=/y"), "tracks");
  configure("<entry key='database.url'>jdbc:h2:./data/database</entry>");
  EXPECT_THAT(backup_error(), AllOf(HasSubstr("H2"), HasSubstr("Move it to MariaDB or MySQL")));
  EXPECT_EQ(recipe_->check(service_, context_).at(0).level, Finding::Level::error);
  configure("<entry key='database.driver'>org.h2.Driver</entry>");
  EXPECT_THAT(backup_error(), HasSubstr("H2"));
  configure("<entry key=\"database.url\">jdbc:postgresql://db/traccar</entry>");
  EXPECT_THAT(backup_error(), HasSubstr("Use recipe 'postgres'"));
  configure("<entry key='database.url'>jdbc:mysql://db/tracks</entry>");
  EXPECT_THAT(backup_error(), HasSubstr("find database 'tracks'"));
  sql("CREATE DATABASE tracks; CREATE TABLE tracks.tc_users (id INT)");
  EXPECT_THAT(backup_error(), AllOf(HasSubstr("there is no 'tc_servers'"),
                                    HasSubstr("Set 'database' to the one that Traccar uses")));
  fs::remove(folder_ / "opt/conf/traccar.xml");
  fs::create_directories(folder_ / "opt/data");
  test::write_file(folder_ / "opt/data/database.mv.db", "H:2");
  EXPECT_THAT(backup_error(), HasSubstr("H2"));
  fs::remove_all(folder_ / "opt/conf");
  EXPECT_THAT(backup_error(), HasSubstr("neither traccar.xml nor conf/"));
}

}  // namespace
}  // namespace lifeboat
