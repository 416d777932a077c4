#include "recipe/postgres/recipe_postgres.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.h"
#include "recipe/postgres/postgres_recipe_test_kit.h"

namespace lifeboat {
namespace {

using test::error_text;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

// Names and values that a careless dump reader stumbles over.
constexpr const char* sample_sql = R"sql(
CREATE ROLE app LOGIN PASSWORD 'role-password';
CREATE ROLE "odd ""role" NOLOGIN;
CREATE DATABASE app OWNER app;
CREATE DATABASE "my ""shop" ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0;
ALTER DATABASE app SET work_mem = '7MB';
GRANT CONNECT ON DATABASE app TO "odd ""role";
\connect app
CREATE SCHEMA "Odd Schema";
CREATE TABLE public.users (id serial PRIMARY KEY, name text, photo bytea);
INSERT INTO users (name, photo) SELECT 'user ' || i, '\x0a5c2e0a' FROM generate_series(1, 40) i;
INSERT INTO users (name) VALUES (E'\\.\n\\.\nCOPY public.x (y) FROM stdin;');
CREATE TABLE "Odd Schema"."a ""table" ("x (y" int);
INSERT INTO "Odd Schema"."a ""table" VALUES (1), (NULL);
CREATE TABLE public.empty_one (a int);
CREATE TABLE public.no_columns ();
INSERT INTO no_columns DEFAULT VALUES;
CREATE TABLE public.log (at date, what text) PARTITION BY RANGE (at);
CREATE TABLE public.log_2026 PARTITION OF log FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
INSERT INTO log VALUES ('2026-05-07', 'x');
CREATE FUNCTION public.tricky() RETURNS text LANGUAGE sql AS $f$
SELECT 'It''s
COPY public.fake (a) FROM stdin;
-- PostgreSQL database dump complete
';
$f$;
CREATE TABLE public.secret_rows (owner text);
ALTER TABLE secret_rows ENABLE ROW LEVEL SECURITY;
INSERT INTO secret_rows VALUES ('a'), ('b');
\connect "my ""shop"
CREATE TABLE orders (id int, naïve text);
INSERT INTO orders VALUES (1, 'ä'), (2, 'ö');
)sql";

class PostgresRecipeTest : public test::PostgresTest {
 protected:
  PostgresRecipeTest() : PostgresTest(make_postgres_recipe(), "db") {}
  void fill() override {
    server_->sql("postgres", sample_sql);
    service_.settings.set("databases", std::vector<std::string>{"app", "my \"shop"});
  }
};

TEST_F(PostgresRecipeTest, WhatItCountedIsInTheDumpsAndComesBack) {
  const RestoredService restored = backup(folder_.path());
  EXPECT_THAT(backup_.paths, ElementsAre("globals.sql", "databases.sql", "databases/app.sql",
                                         "databases/my%20%22shop.sql"));
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_EQ(count("databases"), 2U);
  EXPECT_EQ(count("tables"), 7U);
  EXPECT_EQ(count("rows"), 41U + 2 + 0 + 1 + 1 + 2 + 2);
  EXPECT_THAT(backup_.facts.missing, IsEmpty());
  EXPECT_THAT(test::slurp(folder_ / "globals.sql"), HasSubstr("SCRAM-SHA-256"));

  // The restore card's steps, in a second server whose superuser has the same name.
  const test::PostgresServer other;
  const std::string run = other.psql("postgres") + " -v ON_ERROR_STOP=0 -f ";
  EXPECT_THAT(test::shell_ok(run + (folder_ / "globals.sql").native()),
              AllOf(HasSubstr("role \"postgres\" already exists")));
  EXPECT_EQ(test::shell_ok(run + (folder_ / "databases.sql").native()), "");
  other.load("app", folder_ / "databases/app.sql");
  other.load("'my \"shop'", folder_ / "databases/my%20%22shop.sql");
  EXPECT_EQ(other.sql("app", "SELECT count(*), max(length(name)) FROM users"), "41|35");
  EXPECT_EQ(other.sql("app", "SHOW work_mem"), "7MB");
  EXPECT_EQ(other.sql("app",
                      "SELECT has_database_privilege('odd \"role', 'app', 'CONNECT'), "
                      "pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'app'"),
            "t|app");
  EXPECT_EQ(other.sql("'my \"shop'", "SHOW server_encoding"), "LATIN1");
  EXPECT_EQ(other.sql("'my \"shop'", "SELECT string_agg(naïve, '') FROM orders"), "äö");
  EXPECT_THAT(recipe_->restore_card(service_, backup_.facts),
              HasSubstr("-d 'my \"shop' -f 'databases/my%20%22shop.sql'"));
}

TEST_F(PostgresRecipeTest, EverySabotageIsCaught) {
  const RestoredService restored = backup(folder_ / "whole");
  EXPECT_THAT(recipe_->sabotages(), SizeIs(4));
  EXPECT_THAT(test::uncaught_sabotages(*recipe_, context_, [&] { return copied(restored); }),
              IsEmpty());
}

// While one row is added all the time, all tables must still agree with their counts.
TEST_F(PostgresRecipeTest, CountsAndDumpAreOneSnapshotUnderAWriter) {
  const auto plan = recipe_->plan(service_, context_);
  server_->sql("app",
               "INSERT INTO users (name) VALUES ('late'); DELETE FROM secret_rows;"
               "CREATE TABLE public.late (a int)");
  uint64_t dumps = 0;
  while (auto member = plan->next()) {
    const auto source = member->open();
    const Bytes text = test::drain(*source);
    if (!member->judge) continue;
    member->judge({{text.size(), ""}, ""});
    if (member->meta.path != "databases/app.sql") continue;
    ++dumps;
    EXPECT_THAT(std::string(as_text(text)),
                AllOf(HasSubstr("secret_rows (owner) FROM stdin;\na\nb"), Not(HasSubstr("late"))));
  }
  EXPECT_EQ(dumps, 1U);
}

TEST_F(PostgresRecipeTest, NothingStaysOpenAtTheServer) {
  backup(folder_.path());
  const std::string open =
      "SELECT count(*) FROM pg_stat_activity WHERE application_name = "
      "'lifeboat'";
  // A backend notices the end of its client a moment later.
  for (int attempt = 0; attempt < 100 && server_->sql("app", open) != "0"; ++attempt) {
    clock_.sleep(std::chrono::milliseconds(50), {});
  }
  EXPECT_EQ(server_->sql("app", open), "0");
}

TEST_F(PostgresRecipeTest, InventoryTellsWhatDiffers) {
  const RestoredService before = backup(folder_ / "before");
  server_->sql("app",
               "UPDATE users SET name = 'renamed' WHERE id = 3; CREATE ROLE newcomer;"
               "CREATE INDEX ON empty_one (a); SELECT nextval('users_id_seq');");
  // Another order of the same rows is no difference.
  server_->sql("'my \"shop'", "UPDATE orders SET id = id WHERE id = 1");
  const RestoredService after = backup(folder_ / "after");
  std::map<std::string, std::string> old;
  for (const auto& entry : recipe_->inventory(before, context_)) {
    old[entry.kind + " " + entry.id] = entry.fingerprint;
  }
  std::vector<std::string> changed;
  for (const auto& entry : recipe_->inventory(after, context_)) {
    const std::string id = entry.kind + " " + entry.id;
    if (old.find(id) == old.end() || old[id] != entry.fingerprint) changed.push_back(id);
  }
  EXPECT_THAT(changed, ElementsAre("structure app", "table app/public.users",
                                   "sequence app/public.users_id_seq", "role newcomer"));
}

TEST_F(PostgresRecipeTest, ExcludedTablesKeepTheirDefinition) {
  service_.settings.set("exclude_tables",
                        std::vector<std::string>{"Odd Schema.a*", "public.us?rs"});
  const RestoredService restored = backup(folder_.path());
  EXPECT_THAT(failed(restored), IsEmpty());
  const std::string dump = test::slurp(folder_ / "databases/app.sql");
  EXPECT_THAT(dump, AllOf(HasSubstr("CREATE TABLE public.users"),
                          Not(HasSubstr("COPY public.users")), Not(HasSubstr("COPY \"Odd"))));
  EXPECT_THAT(backup_.facts.missing, Contains(HasSubstr("public.us?rs")));
  service_.settings.set("exclude_tables", std::vector<std::string>{"users"});
  EXPECT_THAT(error_text([&] { recipe_->plan(service_, context_); }),
              HasSubstr("'users' in 'exclude_tables' names no table"));
}

TEST_F(PostgresRecipeTest, WhatCannotBeReadIsAnErrorWithAHint) {
  server_->sql("postgres", "CREATE ROLE reader LOGIN; GRANT pg_read_all_data TO reader");
  service_.settings.set("user", std::string("reader"));
  // Row-level security would hide rows: both the counting and the dump must refuse.
  EXPECT_THAT(error_text([&] { recipe_->plan(service_, context_); }),
              AllOf(HasSubstr("read database 'app'"), HasSubstr("row-level security")));
  server_->sql("postgres", "ALTER ROLE reader BYPASSRLS; REVOKE pg_read_all_data FROM reader");
  EXPECT_THAT(error_text([&] { recipe_->plan(service_, context_); }),
              HasSubstr("permission denied"));
  service_.settings.set("databases", std::vector<std::string>{"postgres", "gone"});
  EXPECT_THAT(error_text([&] { recipe_->plan(service_, context_); }),
              HasSubstr("find database 'gone'"));
  server_->kill();
  const auto findings = recipe_->check(service_, context_);
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings.front().level, Finding::Level::error);
  EXPECT_THAT(findings.front().hint, HasSubstr("is its socket in that folder"));
}

TEST_F(PostgresRecipeTest, ProvesItselfInAServerOfItsOwn) {
  // Also the database that every new server has.
  server_->sql("postgres", "CREATE TABLE jobs (a int); INSERT INTO jobs VALUES (1)");
  service_.settings.set("databases", std::vector<std::string>{"postgres", "app", "my \"shop"});
  const RestoredService restored = backup(folder_ / "db");
  const std::vector<ProbeResult> answers = prove(restored);
  EXPECT_THAT(answers, SizeIs(4)) << why_not_;
  EXPECT_THAT(test::failed_probes(answers), IsEmpty());
  // What probes without a server cannot see: a row that its table does not take.
  std::string text = test::slurp(folder_ / "db/databases/postgres.sql");
  text.replace(text.find("\n1\n"), 3, "\nx\n");
  test::write_file(folder_ / "db/databases/postgres.sql", text);
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_THAT(test::failed_probes(prove(restored)), Contains(HasSubstr("invalid input syntax")));
}

TEST_F(PostgresRecipeTest, ProofNeedsAServerThatFits) {
  RestoredService restored = backup(folder_ / "db");
  restored.expected.details["server_version_num"] = 990001;
  EXPECT_THAT(prove(restored), IsEmpty());
  EXPECT_THAT(why_not_, HasSubstr("no PostgreSQL 99 or newer"));
  restored.expected.details["server_version_num"] = 90600;
  restored.expected.details["databases"][0]["extensions"] = {"no_such_extension"};
  EXPECT_THAT(prove(restored), IsEmpty());
  EXPECT_THAT(why_not_, HasSubstr("lacks the extensions no_such_extension"));
}

TEST_F(PostgresRecipeTest, ReplacesLiveDatabasesAndKeepsTheOldOnes) {
  const RestoredService restored = backup(folder_ / "db");
  server_->sql("app", "DROP TABLE empty_one; DELETE FROM users; ALTER DATABASE app RESET work_mem");
  server_->sql("postgres", "DROP DATABASE \"my \"\"shop\"");
  server_->sql("app", "DROP OWNED BY \"odd \"\"role\"; DROP ROLE \"odd \"\"role\"");
  // The role of the backups may not, that of restores may.
  server_->sql("postgres", "CREATE ROLE reader LOGIN; CREATE ROLE chief LOGIN SUPERUSER");
  service_.settings.set("user", std::string("reader"));
  EXPECT_THAT(error_text([&] { recipe_->replace(service_, restored, context_); }),
              HasSubstr("permission denied"));
  service_.settings.set("restore_user", std::string("chief"));
  // Somebody is in, and must not stop it.
  const auto idle = test::shell("(" + server_->psql("app") +
                                " -c 'SELECT pg_sleep(100)' > /dev/null 2>&1 &) ; true");
  const ReplaceReport report = recipe_->replace(service_, restored, context_);
  EXPECT_THAT(report.kept, ElementsAre(HasSubstr("app_before_")));
  EXPECT_EQ(server_->sql("app", "SELECT count(*) FROM users"), "41");
  EXPECT_EQ(server_->sql("app", "SHOW work_mem"), "7MB");
  EXPECT_EQ(server_->sql("'my \"shop'", "SELECT count(*) FROM orders"), "2");
  EXPECT_EQ(server_->sql("app", "SELECT has_database_privilege('odd \"role', 'app', 'CONNECT')"),
            "t");
  const std::string old =
      server_->sql("postgres", "SELECT datname FROM pg_database WHERE datname LIKE 'app_before_%'");
  EXPECT_EQ(server_->sql(old, "SELECT count(*) FROM users"), "0");
}

TEST_F(PostgresRecipeTest, AReplacementThatFailsLeavesTheLiveOnesAlone) {
  const RestoredService restored = backup(folder_ / "db");
  std::string text = test::slurp(folder_ / "db/databases/my%20%22shop.sql");
  text.insert(text.find("COPY"), "SELECT 1/0;\n");
  test::write_file(folder_ / "db/databases/my%20%22shop.sql", text);
  server_->sql("app", "INSERT INTO users (name) VALUES ('new since the backup')");
  EXPECT_THAT(error_text([&] { recipe_->replace(service_, restored, context_); }),
              HasSubstr("division by zero"));
  EXPECT_EQ(server_->sql("app", "SELECT count(*) FROM users"), "42");
  EXPECT_EQ(server_->sql("postgres", "SELECT count(*) FROM pg_database WHERE datname LIKE '%\\_%'"),
            "0");
}

}  // namespace
}  // namespace lifeboat
