// Everything that keeps a dump from being whole is a failed service that says why.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/format.h"
#include "base/log.h"
#include "recipe/postgres/client.h"
#include "recipe/postgres/postgres_recipe_test_kit.h"
#include "recipe/postgres/recipe_postgres.h"

namespace lifeboat {
namespace {

using test::error_text;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

class PostgresFailuresTest : public test::PostgresTest {
 protected:
  PostgresFailuresTest()
      : PostgresTest(make_postgres_recipe(), "db",
                     "local all postgres trust\nlocal all all scram-sha-256\n") {}
  void fill() override {
    server_->sql("postgres", "CREATE TABLE numbers AS SELECT i FROM generate_series(1, 5000) i");
    const auto real = postgres_program_dirs().front();
    for (const char* program : {"psql", "pg_dumpall", "pg_dump"}) {
      std::filesystem::create_symlink(real / program, programs_ / program);
    }
    real_dump_ = (real / "pg_dump").native();
  }

  // `script` in the place of pg_dump; "$REAL" is the real one.
  void fake_pg_dump(const std::string& script) {
    std::filesystem::remove(programs_ / "pg_dump");
    test::write_file(programs_ / "pg_dump",
                     format("#!/bin/bash\nREAL={}\n{}\n", real_dump_, script));
    std::filesystem::permissions(programs_ / "pg_dump", std::filesystem::perms::owner_all);
    service_.settings.set("program_dir", programs_.path().native());
  }
  std::string backup_error() {
    return error_text([&] { test::drive_backup(*recipe_, service_, context_, folder_ / "out"); });
  }

  test::TempFolder programs_;
  std::string real_dump_;
};

TEST_F(PostgresFailuresTest, AWrongPassword) {
  server_->sql("postgres", "CREATE ROLE lifeboat LOGIN PASSWORD 'right-one'");
  service_.settings.set("user", std::string("lifeboat"));
  service_.settings.set("password", std::make_shared<const Secret>("wrong-one"));
  EXPECT_THAT(backup_error(),
              AllOf(HasSubstr("password authentication failed"),
                    HasSubstr("Check 'user' and 'password'"), Not(HasSubstr("wrong-one"))));
  service_.settings.set("password", std::shared_ptr<const Secret>());
  EXPECT_THAT(backup_error(), HasSubstr("Set 'password'"));
}

TEST_F(PostgresFailuresTest, TheBackupRoleOfTheDocsReadsEverything) {
  const std::string docs = test::slurp(LIFEBOAT_SOURCE_DIR "/docs/recipes/postgres.md");
  const size_t begin = docs.find("```sql\n") + 7;
  server_->sql("postgres", docs.substr(begin, docs.find("```", begin) - begin));
  service_.settings.set("user", std::string("lifeboat"));
  service_.settings.set("password", std::make_shared<const Secret>("choose-one"));
  server_->sql("postgres",
               "ALTER TABLE numbers ENABLE ROW LEVEL SECURITY; CREATE SCHEMA s;"
               "CREATE TABLE s.t (a serial); INSERT INTO s.t DEFAULT VALUES");
  const auto made = test::drive_backup(*recipe_, service_, context_, folder_ / "out");
  EXPECT_EQ(made.facts.find("rows")->count, 5001U);
  EXPECT_THAT(made.facts.missing, testing::Contains(HasSubstr("passwords of the roles")));
}

TEST_F(PostgresFailuresTest, AServerNewerThanItsClient) {
  fake_pg_dump("echo 'pg_dump (PostgreSQL) 9.6.24'");
  EXPECT_THAT(backup_error(), AllOf(HasSubstr("pg_dump is version 9, older than the server"),
                                    HasSubstr("Install postgresql-client-")));
  fake_pg_dump("echo nonsense");
  EXPECT_THAT(backup_error(), HasSubstr("ask pg_dump for its version"));
}

TEST_F(PostgresFailuresTest, ADumpThatIsKilledMidway) {
  fake_pg_dump(
      "[[ $1 == --version ]] && exec $REAL --version\n"
      "$REAL \"$@\" | head -c 2000; echo 'lost synchronization' >&2; kill -9 $$");
  EXPECT_THAT(backup_error(),
              AllOf(HasSubstr("killed by signal 9"), HasSubstr("lost synchronization")));
}

// Exit status 0 is believed of no dump.
TEST_F(PostgresFailuresTest, ADumpThatEndsWellButIsNotWhole) {
  const std::string version = "[[ $1 == --version ]] && exec $REAL --version\n";
  fake_pg_dump(version + "true");
  EXPECT_THAT(backup_error(), HasSubstr("it does not begin as a dump"));
  fake_pg_dump(version + "$REAL \"$@\" | head -c 2000");
  EXPECT_THAT(backup_error(), HasSubstr("it breaks off within the rows of a table"));
  fake_pg_dump(version + "$REAL \"$@\" | grep -v '^1234$'");
  EXPECT_THAT(backup_error(), HasSubstr("'public.numbers' has 4999 rows instead of 5000"));
  fake_pg_dump(version + "$REAL \"$@\" --exclude-table=public.numbers");
  EXPECT_THAT(backup_error(), HasSubstr("'public.numbers' is missing"));
}

TEST_F(PostgresFailuresTest, AServerThatStopsMidway) {
  const auto plan = recipe_->plan(service_, context_);
  server_->kill();
  EXPECT_THAT(error_text([&] {
                while (auto member = plan->next()) {
                  const Bytes bytes = test::drain(*member->open());
                  if (member->judge) member->judge({{bytes.size(), ""}, ""});
                }
              }),
              HasSubstr("is its socket in that folder"));
}

}  // namespace
}  // namespace lifeboat
