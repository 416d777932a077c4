#include "recipe/volume/recipe_volume.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.h"
#include "recipe/details.h"
#include "recipe/sqlite/sqlite.h"
#include "support/doubles.h"
#include "support/folder_recipe_test.h"
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

class VolumeRecipeTest : public test::FolderRecipeTest<test::ManualClock> {
 protected:
  VolumeRecipeTest() : FolderRecipeTest(make_volume_recipe(), "web") {
    write_file(folder_ / "live/conf/app.yaml", "a: 1\n");
    write_file(folder_ / "live/data.bin", std::string(5000, 'x'));
  }
};

TEST_F(VolumeRecipeTest, BacksUpAndPassesItsProbes) {
  service_.settings.set("must", std::vector<std::string>{"conf/app.yaml"});
  const RestoredService restored = backup();
  EXPECT_THAT(made_.paths, ElementsAre("conf", "conf/app.yaml", "data.bin"));
  EXPECT_EQ(made_.facts.find("files")->count, 2u);
  EXPECT_EQ(detail_number(made_.facts.details, "bytes"), 5005u);
  EXPECT_THAT(made_.warnings, IsEmpty());
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_EQ(facts_to_json(facts_from_json(facts_to_json(made_.facts))), facts_to_json(made_.facts));
}

TEST_F(VolumeRecipeTest, EmptyFolderIsABackupToo) {
  fs::remove_all(folder_ / "live/conf");
  fs::remove(folder_ / "live/data.bin");
  EXPECT_THAT(failed(backup()), IsEmpty());
}

TEST_F(VolumeRecipeTest, SqliteDatabasesAreSnapshotsWithoutTheirSideFiles) {
  SqliteDatabase writer(folder_ / "live/app.db", SqliteOpen::write);
  writer.exec("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES('in the log')");
  ASSERT_TRUE(fs::exists(folder_ / "live/app.db-wal"));
  const RestoredService restored = backup();
  EXPECT_THAT(made_.paths, ElementsAre("app.db", "conf", "conf/app.yaml", "data.bin"));
  EXPECT_THAT(made_.warnings, IsEmpty());
  EXPECT_EQ(made_.facts.find("files")->count, 3u);
  SqliteDatabase copy(restored.directory / "app.db", SqliteOpen::copy);
  EXPECT_EQ(copy.query_text("SELECT x FROM t"), "in the log");
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(VolumeRecipeTest, WhatNoSnapshotCanBeTakenOfIsCopiedAndNamed) {
  write_file(folder_ / "live/app.db", std::string("SQLite format 3\0garbage", 23));
  backup();
  EXPECT_THAT(made_.paths, Contains("app.db"));
  EXPECT_THAT(made_.warnings, ElementsAre(HasSubstr("'app.db' is a SQLite database of which no")));
}

TEST_F(VolumeRecipeTest, LiveDatabaseInARawCopyIsNamed) {
  service_.settings.set("sqlite", false);
  shell_ok(format("sqlite3 '{}' 'CREATE TABLE t(x); INSERT INTO t VALUES(1)'",
                  (folder_ / "live/app.db").native()));
  const RestoredService restored = backup();
  EXPECT_THAT(made_.warnings, ElementsAre(HasSubstr("'app.db' is a SQLite database")));
  EXPECT_THAT(failed(restored), IsEmpty());
  shell_ok(format("truncate -s 4096 '{}'", (restored.directory / "app.db").native()));
  EXPECT_THAT(failed(restored), Contains(HasSubstr("integrity_check: expected ok")));
}

TEST_F(VolumeRecipeTest, DatabasesOfServersAreNamedOnceEachWithTheirRecipe) {
  for (const char* file :
       {"my/ibdata1", "my/shop/orders.ibd", "pg/PG_VERSION", "pg/base/1/PG_VERSION", "WiredTiger",
        "level/CURRENT", "level/MANIFEST-000004", "redis/dump.rdb", "other/CURRENT"}) {
    write_file(folder_ / "live" / file, "x");
  }
  backup();
  EXPECT_THAT(made_.warnings,
              ElementsAre(HasSubstr("'.' holds a database of MongoDB"),
                          HasSubstr("'level' holds a database of LevelDB"),
                          HasSubstr("protect it with the recipe 'mysql', or set 'stop: stop'"),
                          HasSubstr("'pg' holds a database of PostgreSQL")));
  EXPECT_EQ(recipe_->check(service_, context_).size(), 5u);
}

TEST_F(VolumeRecipeTest, FewVanishedFilesPassManyDoNot) {
  for (int file = 0; file < 100; ++file) {
    write_file(folder_ / format("live/many/{}", file), "x");
  }
  const RestoredService restored = backup();
  for (int file = 0; file < 11; ++file) fs::remove(restored.directory / format("many/{}", file));
  EXPECT_THAT(failed(restored), IsEmpty()) << "102 files may lose 11";
  fs::remove(restored.directory / "many/50");
  EXPECT_THAT(failed(restored), ElementsAre(HasSubstr("expected >= 91 files, found 90 files")));
}

TEST_F(VolumeRecipeTest, EverySabotageIsCaught) {
  service_.settings.set("must", std::vector<std::string>{"conf"});
  EXPECT_THAT(test::uncaught_sabotages(*recipe_, context_, [&] { return backup(); }), IsEmpty());
}

TEST_F(VolumeRecipeTest, SabotageThatIsNotPossibleSaysSo) {
  fs::remove_all(folder_ / "live/conf");
  fs::remove(folder_ / "live/data.bin");
  const RestoredService restored = backup();
  for (const Sabotage& sabotage : recipe_->sabotages()) {
    EXPECT_THROW(sabotage.apply(restored), Error) << sabotage.name;
  }
}

TEST_F(VolumeRecipeTest, LargestFileIsExpectedAsItWasHandedOut) {
  const std::unique_ptr<ServicePlan> plan = recipe_->plan(service_, context_);
  write_file(folder_ / "live/data.bin", "rotated");
  while (plan->next()) continue;
  const Json largest = detail_object(plan->facts().details, "largest");
  EXPECT_EQ(detail_text(largest, "path"), "data.bin");
  EXPECT_EQ(detail_number(largest, "bytes"), 7u);
}

TEST_F(VolumeRecipeTest, ForgedFactsCannotLeaveTheFolder) {
  write_file(folder_ / "precious", "x");
  RestoredService restored = backup();
  restored.expected.details["must"] = {"../precious"};
  restored.expected.details["largest"] = {{"path", "../precious"}, {"bytes", 1}};
  EXPECT_EQ(failed(restored).size(), 1u) << "what is 'must'; the largest counts as vanished";
  for (const Sabotage& sabotage : recipe_->sabotages()) {
    if (sabotage.name == "emptied folder") continue;
    EXPECT_THROW(sabotage.apply(restored), Error) << sabotage.name;
  }
  EXPECT_EQ(test::slurp(folder_ / "precious"), "x");
}

TEST_F(VolumeRecipeTest, WhatIsExcludedIsToldAsMissing) {
  service_.settings.set("exclude", std::vector<std::string>{"*.bin"});
  const RestoredService restored = backup();
  EXPECT_THAT(made_.paths, ElementsAre("conf", "conf/app.yaml"));
  EXPECT_THAT(made_.facts.missing, ElementsAre(HasSubstr("'*.bin'")));
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(VolumeRecipeTest, CheckTellsWhatPlanWouldThrow) {
  EXPECT_EQ(recipe_->check(service_, context_).at(0).level, Finding::Level::ok);
  service_.settings.set("must", std::vector<std::string>{"missing.key"});
  const Finding finding = recipe_->check(service_, context_).at(0);
  EXPECT_EQ(finding.level, Finding::Level::error);
  EXPECT_THAT(finding.message, HasSubstr("missing.key': it must be there"));
  EXPECT_THAT(error_text([&] { recipe_->plan(service_, context_); }), HasSubstr("missing.key"));
}

TEST_F(VolumeRecipeTest, ReplacesTheFolder) {
  const RestoredService restored = backup();
  write_file(folder_ / "live/conf/app.yaml", "broken");
  write_file(folder_ / "live/late", "x");
  const ReplaceReport report = recipe_->replace(service_, restored, context_);
  EXPECT_EQ(test::slurp(folder_ / "live/conf/app.yaml"), "a: 1\n");
  EXPECT_FALSE(fs::exists(folder_ / "live/late"));
  ASSERT_EQ(report.kept.size(), 1u);
  EXPECT_EQ(test::slurp(fs::path(report.kept[0]) / "conf/app.yaml"), "broken");
}

TEST_F(VolumeRecipeTest, RestoreCardHoldsCommandsThatWork) {
  fs::permissions(folder_ / "live", fs::perms(0751));
  fs::rename(backup().directory, folder_ / "web");
  const std::string card = recipe_->restore_card(service_, made_.facts);
  fs::remove_all(folder_ / "live");
  fs::create_directory(folder_ / "live");
  shell_ok(format(
      "cd '{}' && {}", folder_.path().native(), "true" + [&] {
        std::string commands;
        for (size_t at = card.find("    "); at != std::string::npos;
             at = card.find("\n    ", at + 1)) {
          const size_t begin = card.find_first_not_of("\n ", at);
          commands += " && " + card.substr(begin, card.find('\n', begin) - begin);
        }
        return commands;
      }()));
  EXPECT_EQ(test::slurp(folder_ / "live/conf/app.yaml"), "a: 1\n");
  EXPECT_EQ(fs::status(folder_ / "live").permissions(), fs::perms(0751));
}

}  // namespace
}  // namespace lifeboat
