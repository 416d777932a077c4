#include "recipe/sqlite/recipe_sqlite.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "recipe/sqlite/sqlite.h"
#include "support/doubles.h"
#include "support/recipe_drive.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class SqliteRecipeTest : public testing::Test {
 protected:
  SqliteRecipeTest() {
    service_.settings.set("path", (folder_ / "app.db").native());
    SqliteDatabase(folder_ / "app.db", SqliteOpen::write)
        .exec(
            "PRAGMA journal_mode = WAL;"
            "CREATE TABLE users(id INTEGER PRIMARY KEY, name TEXT);"
            "CREATE TABLE \"odd \"\"name\"(k TEXT PRIMARY KEY) WITHOUT ROWID;"
            "CREATE VIRTUAL TABLE words USING fts5(text);"
            "INSERT INTO users(name) VALUES('a'), ('b'), ('c');"
            "INSERT INTO \"odd \"\"name\" VALUES('x');");
  }
  test::DrivenBackup back_up() {
    return test::drive_backup(*recipe_, service_, context_, restored());
  }
  fs::path restored() const { return folder_ / "restored"; }
  std::vector<std::string> failures(const Facts& facts) {
    return test::failed_probes(recipe_->probe({"app", restored(), facts}, context_));
  }

  test::TempFolder folder_;
  SystemClock clock_;
  test::SeededRandom random_;
  RecipeContext context_{clock_,         random_,           {},
                         folder_.path(), folder_ / "state", folder_ / "no-engine.sock"};
  std::unique_ptr<Recipe> recipe_ = make_sqlite_recipe();
  Service service_{"app", "sqlite", {}};
};

TEST_F(SqliteRecipeTest, TellsFactsThatTheRestoredCopyMeets) {
  service_.settings.set("quick_check", true);
  const test::DrivenBackup made = back_up();
  EXPECT_THAT(made.paths, ElementsAre("app.db"));
  EXPECT_EQ(made.facts.details["journal_mode"], "wal");
  EXPECT_EQ(made.facts.details["rows"]["users"], 3);
  EXPECT_EQ(made.facts.details["rows"]["odd \"name"], 1);
  EXPECT_EQ(facts_to_json(facts_from_json(facts_to_json(made.facts))), facts_to_json(made.facts));
  EXPECT_THAT(failures(made.facts), IsEmpty());
  EXPECT_FALSE(fs::exists(folder_ / "app.db-journal"));
}

TEST_F(SqliteRecipeTest, ItsProbesNoticeEverySabotage) {
  for (const Sabotage& sabotage : recipe_->sabotages()) {
    const test::DrivenBackup made = back_up();
    ASSERT_THAT(failures(made.facts), IsEmpty());
    sabotage.apply({"app", restored(), made.facts});
    EXPECT_THAT(failures(made.facts), Not(IsEmpty())) << sabotage.name;
    fs::remove(restored() / "app.db");
  }
}

TEST_F(SqliteRecipeTest, ARowMovedBetweenTablesIsNoticed) {
  const test::DrivenBackup made = back_up();
  SqliteDatabase(restored() / "app.db", SqliteOpen::write)
      .exec("DELETE FROM users WHERE id = 1; INSERT INTO \"odd \"\"name\" VALUES('y')");
  EXPECT_THAT(failures(made.facts), ElementsAre(HasSubstr("'users' has 2 rows")));
}

TEST_F(SqliteRecipeTest, BrokenForeignKeysOfTheLiveDatabaseAreNoFaultOfTheCopy) {
  SqliteDatabase(folder_ / "app.db", SqliteOpen::write)
      .exec("CREATE TABLE child(of INTEGER REFERENCES users(id)); INSERT INTO child VALUES(99)");
  const test::DrivenBackup made = back_up();
  EXPECT_EQ(made.facts.details["broken_foreign_keys"], 1);
  EXPECT_THAT(failures(made.facts), IsEmpty());
  SqliteDatabase(restored() / "app.db", SqliteOpen::write)
      .exec("UPDATE child SET of = 1; UPDATE users SET name = 'z'");
  EXPECT_THAT(failures(made.facts), ElementsAre(HasSubstr("foreign keys: expected 1 broken")));
}

TEST_F(SqliteRecipeTest, ADamagedDatabaseFailsTheBackup) {
  SqliteDatabase(folder_ / "app.db", SqliteOpen::write).exec("PRAGMA journal_mode = DELETE");
  fs::resize_file(folder_ / "app.db", 8192);
  EXPECT_THAT(error_text([&] { back_up(); }), HasSubstr("malformed"));
  const auto findings = recipe_->check(service_, context_);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].level, Finding::Level::error);
}

TEST_F(SqliteRecipeTest, ReplacesTheFileAndItsLogGoes) {
  const test::DrivenBackup made = back_up();
  const fs::path live = service_.settings.text("path");
  test::write_file(live, "broken");
  test::write_file(live.native() + "-wal", "stale");
  const ReplaceReport report =
      recipe_->replace(service_, {"app", restored(), made.facts}, context_);
  EXPECT_FALSE(fs::exists(live.native() + "-wal"));
  EXPECT_EQ(SqliteDatabase(live, SqliteOpen::copy).query_integer("SELECT count(*) FROM users"), 3);
  EXPECT_EQ(test::slurp(fs::path(report.kept.at(0)) / "app.db-wal"), "stale");
}

TEST_F(SqliteRecipeTest, InventoryComparesRowsWhateverTheirOrder) {
  const test::DrivenBackup made = back_up();
  const RestoredService state{"app", restored(), made.facts};
  const auto fingerprint = [&] {
    for (const InventoryEntry& entry : recipe_->inventory(state, context_)) {
      if (entry.id == "users") return entry.fingerprint;
    }
    return std::string("none");
  };
  const auto change = [&](const std::string& sql) {
    SqliteDatabase(restored() / "app.db", SqliteOpen::write).exec(sql);
  };
  const std::string before = fingerprint();
  change("UPDATE users SET name = 'x' WHERE id = 1");
  EXPECT_NE(fingerprint(), before);
  change("DELETE FROM users; INSERT INTO users VALUES (3,'c'), (1,'a'), (2,'b')");
  EXPECT_EQ(fingerprint(), before);
  change("UPDATE users SET name = NULL WHERE id = 1");
  const std::string null = fingerprint();
  change("UPDATE users SET name = '' WHERE id = 1");
  EXPECT_NE(fingerprint(), null);
}

TEST_F(SqliteRecipeTest, CheckAndCardNameTheFile) {
  const auto findings = recipe_->check(service_, context_);
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].level, Finding::Level::ok);
  EXPECT_THAT(recipe_->restore_card(service_, {}), HasSubstr((folder_ / "app.db-wal").native()));
  service_.settings.set("path", (folder_ / "missing").native());
  EXPECT_EQ(recipe_->check(service_, context_)[0].level, Finding::Level::error);
}

}  // namespace
}  // namespace lifeboat
