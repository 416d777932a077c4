#include "recipe/files/recipe_files.h"

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
using test::slurp;
using test::write_file;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class FilesRecipeTest : public test::FolderRecipeTest<test::ManualClock> {
 protected:
  FilesRecipeTest() : FolderRecipeTest(make_files_recipe(), "host") {
    write_file(live("etc/caddy/Caddyfile"), "example.org {}\n");
    write_file(live("etc/caddy/conf.d/a.conf"), "a\n");
    write_file(live("etc/caddy/conf.d/a.log"), "log\n");
    write_file(live("etc/other"), "not asked for\n");
    write_file(live("root/docker-compose.yml"), "services: {}\n");
    fs::permissions(live("root"), fs::perms(0700));
    service_.settings = {};
    set("paths", {"etc/caddy", "root/docker-compose.yml"});
  }
  fs::path live(const std::string& path) const { return folder_ / "live" / path; }
  void set(const std::string& option, const std::vector<std::string>& paths) {
    std::vector<std::string> absolute;
    for (const std::string& path : paths) absolute.push_back(live(path).native());
    service_.settings.set(option, absolute);
  }
  // Members below the test's own folder, and what is above it left out.
  std::vector<std::string> members() const {
    std::vector<std::string> all;
    const std::string prefix = live("").native().substr(1);
    for (const std::string& path : made_.paths) {
      if (path.starts_with(prefix)) all.push_back(path.substr(prefix.size()));
    }
    return all;
  }
  fs::path in(const RestoredService& restored, const std::string& path) const {
    return restored.directory / live(path).relative_path();
  }
};

TEST_F(FilesRecipeTest, TakesEachPathBelowItsOwnNameWithTheFoldersAboveIt) {
  const RestoredService restored = backup();
  EXPECT_THAT(members(), ElementsAre("etc", "etc/caddy", "etc/caddy/Caddyfile", "etc/caddy/conf.d",
                                     "etc/caddy/conf.d/a.conf", "etc/caddy/conf.d/a.log", "root",
                                     "root/docker-compose.yml"));
  EXPECT_EQ(made_.metas[live("root").native().substr(1)].mode, 0700u);
  EXPECT_EQ(made_.facts.find("files")->count, 4u);
  EXPECT_THAT(made_.warnings, IsEmpty());
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_EQ(recipe_->check(service_, context_).size(), 1u);
}

TEST_F(FilesRecipeTest, APathThatIsMissingFailsUnlessItIsOptional) {
  set("paths", {"etc/caddy", "etc/none"});
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("etc/none': it must be there"));
  EXPECT_EQ(recipe_->check(service_, context_).at(0).level, Finding::Level::error);
  set("paths", {"etc/caddy"});
  set("optional", {"etc/none", "root/docker-compose.yml", "none/at/all"});
  const RestoredService restored = backup();
  EXPECT_THAT(members(), Contains("root/docker-compose.yml"));
  EXPECT_EQ(made_.facts.missing.size(), 2u);
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(FilesRecipeTest, RefusesWhatIsNoPathOfItsOwn) {
  for (const char* path : {"relative", "/", "//", "/etc/.."}) {
    service_.settings.set("paths", std::vector<std::string>{path});
    EXPECT_THROW(backup(), Error) << path;
  }
  service_.settings.set("paths", std::vector<std::string>{});
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("it names nothing"));
}

TEST_F(FilesRecipeTest, PathsInOneAnotherComeOnce) {
  set("paths", {"etc/caddy/Caddyfile", "etc/caddy/", "etc/caddy", "etc/other"});
  backup();
  EXPECT_THAT(members(),
              ElementsAre("etc", "etc/caddy", "etc/caddy/Caddyfile", "etc/caddy/conf.d",
                          "etc/caddy/conf.d/a.conf", "etc/caddy/conf.d/a.log", "etc/other"));
}

TEST_F(FilesRecipeTest, LinksOnTheWayAreResolvedAndALinkItselfIsKept) {
  fs::create_directory_symlink("etc", live("alias"));
  fs::create_symlink("../etc/other", live("root/link"));
  set("paths", {"alias/other", "root/link"});
  const RestoredService restored = backup();
  EXPECT_THAT(members(), ElementsAre("etc", "etc/other", "root", "root/link"));
  EXPECT_EQ(made_.metas[live("root/link").native().substr(1)].link_target, "../etc/other");
}

TEST_F(FilesRecipeTest, LeavesOutWhatPatternsMatch) {
  service_.settings.set(
      "exclude", std::vector<std::string>{"*.log", live("etc/caddy/conf.d/a.conf").native()});
  const RestoredService restored = backup();
  EXPECT_THAT(members(), ElementsAre("etc", "etc/caddy", "etc/caddy/Caddyfile", "etc/caddy/conf.d",
                                     "root", "root/docker-compose.yml"));
  EXPECT_EQ(made_.facts.missing.size(), 2u);
  EXPECT_THAT(failed(restored), IsEmpty());
  service_.settings.set("exclude", std::vector<std::string>{"conf.d/*"});
  backup();
  EXPECT_THAT(members(), Not(Contains(HasSubstr("conf.d/"))));
  service_.settings.set("exclude", std::vector<std::string>{"/etc/caddy/x"});
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("is in none of the folders"));
}

TEST_F(FilesRecipeTest, DatabasesAreSnapshotsOrNamed) {
  SqliteDatabase writer(live("etc/caddy/x.db"), SqliteOpen::write);
  writer.exec("PRAGMA journal_mode=WAL; CREATE TABLE t(x); INSERT INTO t VALUES('in the log')");
  write_file(live("etc/caddy/mysql/ibdata1"), "x");
  const RestoredService restored = backup();
  EXPECT_THAT(members(), Not(Contains(HasSubstr("-wal"))));
  SqliteDatabase copy(in(restored, "etc/caddy/x.db"), SqliteOpen::copy);
  EXPECT_EQ(copy.query_text("SELECT x FROM t"), "in the log");
  EXPECT_THAT(made_.warnings, ElementsAre(HasSubstr("etc/caddy/mysql' holds a database of MySQL")));
}

TEST_F(FilesRecipeTest, EverySabotageIsCaught) {
  EXPECT_THAT(test::uncaught_sabotages(*recipe_, context_, [&] { return backup(); }), IsEmpty());
}

TEST_F(FilesRecipeTest, RestoreCardHoldsCommandsThatWork) {
  fs::rename(backup().directory, folder_ / "host");
  const std::string card = recipe_->restore_card(service_, made_.facts);
  write_file(live("etc/caddy/Caddyfile"), "broken");
  fs::remove(live("root/docker-compose.yml"));
  std::string commands = format("cd '{}'", folder_.path().native());
  for (size_t at = card.find("\n    "); at != std::string::npos; at = card.find("\n    ", at + 1)) {
    commands += " &&" + card.substr(at + 4, card.find('\n', at + 1) - at - 4);
  }
  shell_ok(commands);
  EXPECT_EQ(slurp(live("etc/caddy/Caddyfile")), "example.org {}\n");
  EXPECT_EQ(slurp(live("root/docker-compose.yml")), "services: {}\n");
  EXPECT_EQ(slurp(live("etc/other")), "not asked for\n");
}

TEST_F(FilesRecipeTest, ReplacesEachPathAndKeepsWhatWasThere) {
  const RestoredService restored = backup();
  write_file(live("etc/caddy/Caddyfile"), "broken");
  write_file(live("etc/caddy/new"), "since the backup");
  fs::remove(live("root/docker-compose.yml"));
  const ReplaceReport report = recipe_->replace(service_, restored, context_);
  EXPECT_EQ(slurp(live("etc/caddy/Caddyfile")), "example.org {}\n");
  EXPECT_FALSE(fs::exists(live("etc/caddy/new")));
  EXPECT_EQ(slurp(live("root/docker-compose.yml")), "services: {}\n");
  EXPECT_EQ(slurp(live("etc/other")), "not asked for\n");
  ASSERT_EQ(report.kept.size(), 1u);
  EXPECT_EQ(slurp(fs::path(report.kept[0]) / "caddy/new"), "since the backup");
}

TEST_F(FilesRecipeTest, ForgedFactsCannotLeaveTheFolder) {
  RestoredService restored = backup();
  restored.expected.details["paths"] = {"../precious"};
  EXPECT_THAT(failed(restored), Not(IsEmpty()));
  EXPECT_THROW(recipe_->replace(service_, restored, context_), Error);
  EXPECT_THROW(recipe_->sabotages()[0].apply(restored), Error);
}

}  // namespace
}  // namespace lifeboat
