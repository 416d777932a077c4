#include "recipe/supabase/recipe_supabase.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.h"
#include "recipe/postgres/postgres_recipe_test_kit.h"
#include "recipe/supabase/internals.h"
#include "recipe/supabase/supabase_sample_test.h"

namespace lifeboat {
namespace {

using test::error_text;
using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

TEST(SupabaseLines, PlatformRolesStayAsANewProjectHasThem) {
  EXPECT_EQ(adapt_role_line("CREATE ROLE \"anon\";"), "-- CREATE ROLE \"anon\";");
  EXPECT_EQ(adapt_role_line("CREATE ROLE \"supabase_x\";"), "-- CREATE ROLE \"supabase_x\";");
  EXPECT_EQ(adapt_role_line("CREATE ROLE \"anonymous\";"), "CREATE ROLE \"anonymous\";");
  EXPECT_EQ(adapt_role_line("ALTER ROLE \"app\" WITH NOSUPERUSER INHERIT NOREPLICATION;"),
            "ALTER ROLE \"app\" WITH INHERIT;");
  EXPECT_EQ(adapt_role_line("ALTER ROLE \"anon\" SET \"statement_timeout\" TO '3s';"),
            "ALTER ROLE \"anon\" SET \"statement_timeout\" TO '3s';");
  EXPECT_EQ(adapt_role_line("ALTER ROLE \"anon\" SET \"search_path\" TO 'x';"),
            "-- ALTER ROLE \"anon\" SET \"search_path\" TO 'x';");
  EXPECT_EQ(adapt_role_line("GRANT \"anon\" TO \"authenticator\" GRANTED BY \"postgres\";"),
            "-- GRANT \"anon\" TO \"authenticator\" GRANTED BY \"postgres\";");
  EXPECT_EQ(adapt_role_line("GRANT \"anon\" TO \"app\";"), "GRANT \"anon\" TO \"app\";");
}

TEST(SupabaseLines, PlatformSchemaStaysAsANewProjectHasIt) {
  EXPECT_EQ(adapt_schema_line("CREATE TABLE \"public\".\"a\" ("),
            "CREATE TABLE IF NOT EXISTS \"public\".\"a\" (");
  EXPECT_EQ(adapt_schema_line("CREATE TRIGGER \"t\" AFTER"),
            "CREATE OR REPLACE TRIGGER \"t\" AFTER");
  EXPECT_EQ(adapt_schema_line("CREATE EVENT TRIGGER \"e\" ON"), "-- CREATE EVENT TRIGGER \"e\" ON");
  const std::string ours = "GRANT ALL ON TABLE \"public\".\"auth\" TO \"anon\";";
  EXPECT_EQ(adapt_schema_line(ours), ours);
  EXPECT_EQ(adapt_schema_line("REVOKE ALL ON SCHEMA \"auth\" FROM \"x\";"),
            "-- REVOKE ALL ON SCHEMA \"auth\" FROM \"x\";");
  EXPECT_EQ(adapt_schema_line("CREATE EXTENSION IF NOT EXISTS \"pgsodium\" WITH SCHEMA \"x\";"),
            "CREATE EXTENSION IF NOT EXISTS \"pgsodium\";");
}

class SupabaseRecipeTest : public test::PostgresTest {
 protected:
  SupabaseRecipeTest() : PostgresTest(make_supabase_recipe(), "supabase") {}
  void fill() override {
    server_->sql("postgres", test::supabase_platform_sql);
    server_->sql("postgres", test::supabase_project_sql);
  }
};

TEST_F(SupabaseRecipeTest, RestoresIntoANewProject) {
  const RestoredService restored = backup(folder_.path());
  EXPECT_THAT(backup_.paths, ElementsAre("roles.sql", "schema.sql", "data.sql"));
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_EQ(count("auth_users"), 25U);
  EXPECT_EQ(count("storage_objects"), 4U);
  EXPECT_EQ(count("tables"), 7U) << "two of auth, two of storage, three of the project's own";
  EXPECT_EQ(count("rows"), 25U + 25 + 1 + 4 + 25 + 0 + 60);
  EXPECT_EQ(count("roles"), 1U);
  EXPECT_THAT(backup_.facts.missing, Contains(HasSubstr("JWT secret")));
  const std::string data = test::slurp(folder_ / "data.sql");
  EXPECT_THAT(data, AllOf(Not(HasSubstr("vault-secret")), Not(HasSubstr("passing")),
                          Not(HasSubstr("schema_migrations"))));
  EXPECT_THAT(test::slurp(folder_ / "roles.sql"), Not(HasSubstr("SCRAM")));

  // A new project has the platform's part already; the steps are the restore card's.
  const test::PostgresServer fresh;
  fresh.sql("postgres", test::supabase_platform_sql);
  for (const char* file : {"roles.sql", "schema.sql", "data.sql"}) {
    fresh.load("postgres", folder_ / file);
  }
  const std::string question =
      "SELECT (SELECT count(*) FROM auth.users), (SELECT count(*) FROM public.profiles), "
      "(SELECT count(*) FROM public.audit), (SELECT sum(total) FROM app.orders), "
      "(SELECT string_agg(prosrc, '') FROM pg_proc WHERE proname = 'note'), "
      "nextval('app.orders_id_seq')";
  EXPECT_EQ(fresh.sql("postgres", question), server_->sql("postgres", question));
  EXPECT_EQ(fresh.sql("postgres", "SELECT count(*) FROM pg_policies"), "1");
}

TEST_F(SupabaseRecipeTest, EverySabotageIsCaught) {
  const RestoredService restored = backup(folder_ / "whole");
  EXPECT_THAT(test::uncaught_sabotages(*recipe_, context_, [&] { return copied(restored); }),
              IsEmpty());
}

TEST_F(SupabaseRecipeTest, ProvesItselfAmongStandIns) {
  const RestoredService restored = backup(folder_ / "whole");
  const auto answers = prove(restored);
  EXPECT_EQ(answers.size(), 2U) << why_not_;
  EXPECT_THAT(test::failed_probes(answers), IsEmpty());
  std::string text = test::slurp(folder_ / "whole/data.sql");
  text.replace(text.find("\n1\t1\n"), 5, "\n1\tx\n");  // app.orders.total is numeric
  test::write_file(folder_ / "whole/data.sql", text);
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_THAT(test::failed_probes(prove(restored)), Contains(HasSubstr("invalid input syntax")));
}

TEST_F(SupabaseRecipeTest, TheBackupRoleOfTheDocsReadsEverything) {
  const std::string docs = test::slurp(LIFEBOAT_SOURCE_DIR "/docs/recipes/supabase.md");
  const size_t begin = docs.find("```sql\n") + 7;
  server_->sql("postgres", docs.substr(begin, docs.find("```", begin) - begin));
  service_.settings.set("user", std::string("lifeboat"));
  const RestoredService restored = backup(folder_.path());
  EXPECT_THAT(failed(restored), IsEmpty());
  EXPECT_EQ(count("auth_users"), 25U);
  const std::string attempt = server_->psql("postgres", "lifeboat") + " -c ";
  EXPECT_NE(test::shell(attempt + "'DELETE FROM auth.users'").status, 0);
}

TEST_F(SupabaseRecipeTest, TheTransactionPoolerIsRefused) {
  service_.settings.set("port", uint64_t{6543});
  EXPECT_THAT(error_text([&] { recipe_->plan(service_, context_); }),
              HasSubstr("transaction pooler"));
  const auto findings = recipe_->check(service_, context_);
  EXPECT_EQ(findings.front().level, Finding::Level::error);
  EXPECT_THAT(findings.front().hint, HasSubstr("session pooler"));
}

TEST_F(SupabaseRecipeTest, IsNeverPutInThePlaceOfALiveProject) {
  EXPECT_THAT(error_text([&] { recipe_->replace(service_, {}, context_); }),
              HasSubstr("Supabase lets nobody"));
}

}  // namespace
}  // namespace lifeboat
