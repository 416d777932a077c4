// Inventories of a live server's states, and restored databases in the place of live ones.

#include "recipe/mysql/replace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "base/format.h"
#include "process/server.h"
#include "recipe/mysql/mysql_test_kit.h"

namespace lifeboat {
namespace {

using test::error_text;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class MysqlReplaceTest : public test::MysqlTest {
 protected:
  std::map<std::string, std::string> inventory() {
    std::map<std::string, std::string> prints;
    for (const InventoryEntry& entry : recipe_->inventory(backup(), context_)) {
      prints[entry.kind + " " + entry.id] = entry.fingerprint;
    }
    return prints;
  }
  std::string databases() const { return sql("SHOW DATABASES LIKE 'shop%'"); }
};

TEST_F(MysqlReplaceTest, InventoryTellsWhatChangedAndNothingElse) {
  sql(test::mysql_sample_sql);
  const auto before = inventory();
  EXPECT_THAT(before,
              UnorderedElementsAre(
                  Pair("table app.people", testing::_), Pair("table app.nothing", testing::_),
                  Pair("table app.log", testing::_), Pair("view app.names", testing::_),
                  Pair("trigger app.note", testing::_), Pair("routine app.twice", testing::_),
                  Pair("event app.tidy", testing::_), Pair("table odd/na me.t`x", testing::_),
                  Pair("list of accounts grants", testing::_)));
  EXPECT_EQ(inventory(), before);
  // A row that came and went leaves the counter of rows moved, and a row of the trigger's.
  sql("INSERT INTO app.people (name) VALUES ('x'); DELETE FROM app.people WHERE name = 'x';"
      "DELETE FROM app.log;");
  EXPECT_EQ(inventory(), before);
  sql("UPDATE app.people SET name = 'Oh' WHERE id = 1; ALTER TABLE app.nothing ADD more INT;"
      "ALTER VIEW app.names AS SELECT id FROM app.people;");
  std::vector<std::string> changed;
  for (const auto& [id, print] : inventory()) {
    if (before.at(id) != print) changed.push_back(id);
  }
  EXPECT_THAT(changed, ElementsAre("table app.nothing", "table app.people", "view app.names"));
}

TEST_F(MysqlReplaceTest, LiveDatabaseIsReplacedAndKept) {
  sql(test::mysql_plain_sql);
  const RestoredService restored = backup();
  sql("DELETE FROM shop.purchase WHERE id = 11; UPDATE shop.customer SET name = 'Eve' WHERE id = 1;"
      "CREATE TABLE shop.later (id INT);");
  const ReplaceReport report = recipe_->replace(service_, restored, context_);
  EXPECT_EQ(
      sql("SELECT name FROM shop.customer; SELECT id FROM shop.purchase; SHOW TABLES IN shop"),
      "Ada\nBob\n10\n11\ncustomer\npurchase\n");
  ASSERT_EQ(report.kept.size(), 1u);
  EXPECT_THAT(report.kept.front(), HasSubstr("shop_before_20"));
  EXPECT_THAT(report.done, Contains(HasSubstr("loaded beside the live one and counted: 4 rows")));
  const std::string kept = report.kept.front().substr(10, report.kept.front().size() - 11);
  EXPECT_EQ(databases(), "shop\n" + kept + "\n") << "nothing else is left";
  EXPECT_EQ(sql("SELECT name FROM " + kept + ".customer; SELECT id FROM " + kept + ".purchase"),
            "Eve\nBob\n10\n");
  // Foreign keys went with their tables.
  EXPECT_EQ(sql("SELECT unique_constraint_schema FROM information_schema.referential_constraints "
                "ORDER BY constraint_schema"),
            "shop\n" + kept + "\n");
}

TEST_F(MysqlReplaceTest, DatabaseThatIsGoneComesBack) {
  sql(test::mysql_plain_sql);
  const RestoredService restored = backup();
  sql("DROP DATABASE shop");
  EXPECT_THAT(recipe_->replace(service_, restored, context_).kept, IsEmpty());
  EXPECT_EQ(databases(), "shop\n");
  EXPECT_EQ(sql("SELECT count(*) FROM shop.purchase"), "2\n");
}

TEST_F(MysqlReplaceTest, FailureLeavesTheLiveDatabaseAsItWas) {
  sql(test::mysql_plain_sql);
  const RestoredService restored = backup();
  const std::string good = test::slurp(folder_ / "db/databases/shop.sql");
  const auto failure = [&](const std::string& text) {
    test::write_file(folder_ / "db/databases/shop.sql", text);
    const std::string told = error_text([&] { recipe_->replace(service_, restored, context_); });
    EXPECT_EQ(databases(), "shop\n");
    EXPECT_EQ(sql("SELECT count(*) FROM shop.customer"), "2\n");
    return told;
  };
  std::string lacking = good;
  lacking.replace(lacking.find("(1,'Ada'),"), 10, "          ");
  EXPECT_THAT(failure(lacking), HasSubstr("shop.customer: 1 instead of 2 rows"));
  EXPECT_THAT(failure(good.substr(0, good.find("INSERT INTO `purchase`") + 30)),
              HasSubstr("load the restored database 'shop' beside the live one"));
  EXPECT_THAT(failure(good + "\nNO SQL;\n"), HasSubstr("syntax"));
  // What holds a table keeps the swap from happening: it is given up after a while.
  sql("SET GLOBAL lock_wait_timeout = 1");
  test::write_file(folder_ / "db/databases/shop.sql", good);
  ChildServer lock(
      {.argv = {"bash", "-c",
                "echo 'LOCK TABLES shop.customer READ; SELECT sleep(600);' | " + client()}},
      clock_);
  const std::string holds =
      client() +
      " -e 'SELECT count(*) FROM information_schema.processlist WHERE info LIKE \"SELECT sleep%\"'";
  lock.wait_until_ready([&] { return test::shell(holds).output == "1\n"; },
                        std::chrono::minutes(1));
  EXPECT_THAT(failure(good), AllOf(HasSubstr("put the restored databases in place"),
                                   HasSubstr("Lock wait timeout")));
}

TEST_F(MysqlReplaceTest, ObjectsThatCannotMoveAreRefusedBeforeAnythingIsDone) {
  sql(test::mysql_plain_sql);
  const RestoredService restored = backup();
  sql("CREATE VIEW shop.v AS SELECT 1");
  EXPECT_THAT(error_text([&] { recipe_->replace(service_, restored, context_); }),
              HasSubstr("the live database 'shop' holds views"));
  const RestoredService with_view = backup();
  sql("DROP VIEW shop.v");
  EXPECT_THAT(error_text([&] { recipe_->replace(service_, with_view, context_); }),
              HasSubstr("the backup of database 'shop' holds views"));
  EXPECT_EQ(databases(), "shop\n");
}

TEST_F(MysqlReplaceTest, NeedsMoreRightsThanABackup) {
  sql(test::mysql_plain_sql);
  use_backup_user();
  const RestoredService restored = backup();
  const std::string told = error_text([&] {
    try {
      recipe_->replace(service_, restored, context_);
    } catch (const Error& error) {
      throw Error(error.kind(), format("{} | {}", error.what(), join(error.hints(), " ")));
    }
  });
  EXPECT_THAT(told, AllOf(HasSubstr("Access denied"), HasSubstr("Set 'restore_user'")));
  service_.settings.set("restore_user", std::string("root"));
  EXPECT_THAT(recipe_->replace(service_, restored, context_).kept, testing::SizeIs(1));
}

}  // namespace
}  // namespace lifeboat
