// Against a real MariaDB of the host's programs, each test with a server of its own.

#include "recipe/mysql/recipe_mysql.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/format.h"
#include "base/text.h"
#include "process/server.h"
#include "recipe/mysql/mysql_test_kit.h"
#include "support/doubles.h"
#include "support/recipe_drive.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using test::error_text;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using MysqlRecipeTest = test::MysqlTest;

TEST_F(MysqlRecipeTest, BackupByTheDocumentedUserHoldsEverything) {
  sql(test::mysql_sample_sql);
  use_backup_user();
  const RestoredService restored = backup();
  EXPECT_THAT(driven_.paths,
              ElementsAre("databases/app.sql", "databases/odd%2Fna%20me.sql", "grants.sql"));
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_THAT(driven_.warnings, IsEmpty());
  EXPECT_THAT(restored.expected.missing, IsEmpty());
  EXPECT_EQ(restored.expected.find("databases")->count, 2u);
  EXPECT_EQ(restored.expected.find("tables")->count, 4u);
  EXPECT_EQ(restored.expected.find("rows")->count, 3u + 1u);
  const Json app = restored.expected.details["databases"]["app"];
  EXPECT_EQ(app["tables"]["people"], 3);
  EXPECT_EQ(app["tables"]["nothing"], 0);
  for (const char* kind : {"views", "triggers", "routines", "events"})
    EXPECT_EQ(app[kind], 1) << kind;
  EXPECT_EQ(restored.expected.details["accounts"], 3);
  const std::string grants = test::slurp(folder_ / "db/grants.sql");
  EXPECT_THAT(grants, AllOf(HasSubstr("CREATE ROLE IF NOT EXISTS `reader`;"),
                            HasSubstr("CREATE USER IF NOT EXISTS `app`@`%` IDENTIFIED BY PASSWORD"),
                            HasSubstr("GRANT `reader` TO `app`@`%`;"), Not(HasSubstr("`root`@"))));
  EXPECT_THAT(print_json(facts_to_json(restored.expected)), Not(HasSubstr("long password")));
  for (const Finding& finding : recipe_->check(service_, context_)) {
    EXPECT_EQ(finding.level, Finding::Level::ok) << finding.message << finding.hint;
  }
}

TEST_F(MysqlRecipeTest, StepsOfTheRestoreCardBringAllBack) {
  sql(test::mysql_sample_sql);
  const std::string state =
      "SELECT id, name, hex(photo), is_in + 0 FROM app.people; SELECT * FROM `odd/na me`.`t``x`;"
      "SELECT app.twice(21); SELECT count(*) FROM app.names; SHOW GRANTS FOR 'app'@'%';"
      "SELECT count(*) FROM information_schema.triggers WHERE trigger_schema = 'app';"
      "SELECT count(*) FROM information_schema.events; INSERT INTO app.people (name) VALUES "
      "('new');"
      "SELECT count(*) FROM app.log; DELETE FROM app.people WHERE name = 'new'; DELETE FROM "
      "app.log;";
  const RestoredService restored = backup();
  const std::string before = sql(state);
  sql("DROP DATABASE app; DROP DATABASE `odd/na me`; DROP USER 'app'@'%'; DROP ROLE reader;");
  std::string script = "set -e; export MYSQL_PWD=; cd " + folder_.path().native() + "\n";
  for (const std::string& line : split(recipe_->restore_card(service_, driven_.facts), '\n')) {
    if (line.starts_with("       ") && line.find("read -rs") == std::string::npos) {
      script += line + "\n";
    }
  }
  test::shell_ok(script);
  EXPECT_EQ(sql(state), before);
}

TEST_F(MysqlRecipeTest, EverySabotageIsCaught) {
  sql(test::mysql_sample_sql);
  EXPECT_THAT(test::uncaught_sabotages(*recipe_, context_, [&] { return backup(); }), IsEmpty());
}

TEST_F(MysqlRecipeTest, ProvesItselfInAServerOfItsOwn) {
  sql(test::mysql_sample_sql);
  const RestoredService restored = backup();
  std::string why_not;
  const auto prove = [&] {
    const test::TempFolder scratch;
    ProvingGround ground{nullptr, scratch.path()};
    return recipe_->prove(restored, ground, context_, why_not);
  };
  const std::vector<ProbeResult> answers = prove();
  EXPECT_EQ(answers.size(), 3u) << why_not;
  EXPECT_THAT(test::failed_probes(answers), IsEmpty());
  // What probes without a server cannot see: text that is no SQL.
  std::string text = test::slurp(folder_ / "db/databases/app.sql");
  text.replace(text.find("INT(11)") == std::string::npos ? text.find("int(11)") : 0, 7, "int[11)");
  test::write_file(folder_ / "db/databases/app.sql", text);
  EXPECT_THAT(failed(restored), IsEmpty());
  // In a folder that the server's own user cannot reach, it runs as we do.
  fs::create_directories(folder_ / "private/scratch");
  ProvingGround ground{nullptr, folder_ / "private/scratch"};
  EXPECT_THAT(test::failed_probes(recipe_->prove(restored, ground, context_, why_not)),
              Contains(HasSubstr("syntax")));
}

TEST_F(MysqlRecipeTest, ProofNeedsAServerThatFits) {
  sql(test::mysql_sample_sql);
  RestoredService restored = backup();
  std::string why_not;
  const test::TempFolder scratch;
  ProvingGround ground{nullptr, scratch.path()};
  restored.expected.details["server"] = "8.4.2";
  EXPECT_THAT(recipe_->prove(restored, ground, context_, why_not), IsEmpty());
  EXPECT_THAT(why_not, HasSubstr("the dumps are of MySQL 8.4.2, this host has MariaDB"));
  restored.expected.details["server"] = "99.1.2-MariaDB";
  EXPECT_THAT(recipe_->prove(restored, ground, context_, why_not), IsEmpty());
  EXPECT_THAT(why_not, HasSubstr("older"));
}

TEST_F(MysqlRecipeTest, WrongLoginIsAFailedServiceWithAHint) {
  sql(test::mysql_sample_sql);
  use_backup_user();
  service_.settings.set("password", std::make_shared<const Secret>("wr0ng-one"));
  EXPECT_THAT(backup_error(), AllOf(HasSubstr("Access denied for user"), HasSubstr("password: YES"),
                                    HasSubstr("| Run the command"), HasSubstr("Check 'user'"),
                                    Not(HasSubstr("wr0ng-one"))));
  EXPECT_EQ(recipe_->check(service_, context_).at(0).level, Finding::Level::error);
  service_.settings.set("socket", std::string("/nowhere/socket"));
  EXPECT_THAT(backup_error(), HasSubstr("Is the server running"));
}

TEST_F(MysqlRecipeTest, WhatIsNotThereOrNotShownFails) {
  EXPECT_THAT(backup_error(), HasSubstr("the server shows none but its own"));
  sql(test::mysql_sample_sql);
  service_.settings.set("databases", std::vector<std::string>{"ap"});
  EXPECT_THAT(backup_error(), AllOf(HasSubstr("'ap'"), HasSubstr("Did you mean 'app'?")));
  sql("CREATE DATABASE bare");
  service_.settings.set("databases", std::vector<std::string>{"bare"});
  EXPECT_THAT(backup_error(), HasSubstr("tables of database 'bare': the server shows none"));
  service_.settings.set("databases", std::vector<std::string>{"app"});
  service_.settings.set("exclude_tables", std::vector<std::string>{"app.lgo"});
  EXPECT_THAT(backup_error(), HasSubstr("leave out table 'app.lgo'"));
}

TEST_F(MysqlRecipeTest, TooFewRightsFail) {
  sql(test::mysql_sample_sql);
  sql("CREATE USER few@localhost; GRANT SELECT, LOCK TABLES ON app.* TO few@localhost");
  service_.settings.set("user", std::string("few"));
  EXPECT_THAT(backup_error(), HasSubstr("docs/recipes/mysql.md lists"));
  sql("GRANT SHOW VIEW, TRIGGER, EVENT ON app.* TO few@localhost; GRANT SELECT ON mysql.proc TO "
      "few@localhost");
  EXPECT_THAT(backup_error(),
              AllOf(HasSubstr("read accounts and rights"), HasSubstr("set 'grants: false'")));
  service_.settings.set("grants", false);
  const RestoredService restored = backup();
  EXPECT_THAT(restored.expected.missing, Contains(HasSubstr("'grants' is false")));
  EXPECT_THAT(failed(restored), IsEmpty());
}

TEST_F(MysqlRecipeTest, WhatIsLeftOutOrUnprotectedIsTold) {
  sql(test::mysql_sample_sql);
  sql("CREATE TABLE app.old (id INT) ENGINE=MyISAM; INSERT INTO app.old VALUES (1)");
  service_.settings.set("exclude_tables", std::vector<std::string>{"app.log"});
  const RestoredService restored = backup();
  EXPECT_THAT(driven_.warnings, Contains(HasSubstr("1 table is not InnoDB")));
  EXPECT_THAT(restored.expected.consistency, HasSubstr("app.old (MyISAM)"));
  EXPECT_THAT(restored.expected.missing, Contains(HasSubstr("Table app.log")));
  EXPECT_FALSE(restored.expected.details["databases"]["app"]["tables"].contains("log"));
  EXPECT_THAT(failed(restored), IsEmpty());
}

// Holds the dump in the middle by a lock on a table, until `strike` is done.
class HeldDump {
 public:
  HeldDump(const std::string& client, const std::function<void()>& strike, Clock& clock)
      : lock_({.argv = {"bash", "-c",
                        "echo 'LOCK TABLES app.people WRITE; SELECT 1; SELECT sleep(600);' | " +
                            client}},
              clock),
        thread_([client, strike] {
          const std::string waiting = client +
                                      " -e 'SELECT count(*) FROM information_schema.processlist "
                                      "WHERE state LIKE \"Waiting for table%\"'";
          while (test::shell(waiting).output != "1\n") {
          }
          strike();
        }) {
    const std::string holds = client +
                              " -e 'SELECT count(*) FROM information_schema.processlist WHERE "
                              "info LIKE \"SELECT sleep%\"'";
    while (test::shell(holds).output != "1\n") {
    }
  }
  ~HeldDump() { thread_.join(); }

 private:
  ChildServer lock_;
  std::thread thread_;
};

// The child of this process that runs `program`.
std::string child_of(const std::string& program) {
  return test::shell_ok(
      format("for child in $(cat /proc/{}/task/*/children); do "
             "if [ \"$(cat /proc/$child/comm)\" = {} ]; then echo $child; fi; done",
             getpid(), program));
}

TEST_F(MysqlRecipeTest, DumpThatIsKilledIsAFailedService) {
  sql(test::mysql_sample_sql);
  const HeldDump held(
      client(), [] { test::shell_ok("kill -KILL " + child_of("mariadb-dump")); }, clock_);
  EXPECT_THAT(backup_error(), AllOf(HasSubstr("dump database 'app': run 'mariadb-dump'"),
                                    HasSubstr("killed by signal 9 (SIGKILL)")));
}

TEST_F(MysqlRecipeTest, ServerThatGoesAwayIsAFailedService) {
  sql(test::mysql_sample_sql);
  const HeldDump held(
      client(),
      [this] {
        const std::string ids =
            " -e 'SELECT id FROM information_schema.processlist WHERE state LIKE \"Waiting for "
            "table%\"'";
        const std::string id = test::shell_ok(client() + ids);
        test::shell_ok(client() + " -e 'KILL CONNECTION " + id.substr(0, id.size() - 1) + "'");
      },
      clock_);
  EXPECT_THAT(backup_error(),
              AllOf(HasSubstr("dump database 'app'"), HasSubstr("exit status"),
                    HasSubstr("Lost connection"), HasSubstr("The server went away")));
}

TEST_F(MysqlRecipeTest, StopEndsTheDump) {
  sql(test::mysql_sample_sql);
  StopSource stop;
  context_.stop = stop.token();
  const HeldDump held(
      client(), [&] { stop.request_stop(); }, clock_);
  EXPECT_THROW(recipe_->plan(service_, context_), Interrupted);
}

TEST_F(MysqlRecipeTest, FullSpoolIsAFailedService) {
  sql(test::mysql_sample_sql);
  test::TempFolder small;
  const auto mounted = test::shell("mount -t tmpfs -o size=4k tmpfs " + small.path().native());
  if (mounted.status != 0) GTEST_SKIP() << "mounting a tmpfs needs root";
  context_.spool_dir = small.path();
  const std::string told = backup_error();
  test::shell_ok("umount " + small.path().native());
  EXPECT_THAT(told, AllOf(HasSubstr("dump database 'app'"), HasSubstr("no space left")));
}

}  // namespace
}  // namespace lifeboat
