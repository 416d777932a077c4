// A single-stream job as a whole, with a real PostgreSQL where there is one.
#include "engine/stream_backup.h"

#include <gmock/gmock.h>

#include "engine/engine_test_kit.h"
#include "recipe/postgres/postgres_test_kit.h"
#include "recipe/supabase/supabase_sample_test.h"
#include "snapshot/catalog.h"

namespace lifeboat::test {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class StreamBackup : public testing::Test {
 protected:
  void SetUp() override {
    if (const std::string reason = PostgresServer::why_not(); !reason.empty()) {
      GTEST_SKIP() << "skipped: " << reason;
    }
    server_ = std::make_unique<PostgresServer>();
    server_->sql("postgres", supabase_platform_sql);
    server_->sql("postgres", supabase_project_sql);
  }

  BackupRequest request() {
    BackupService service;
    service.service.name = "supabase";
    service.service.recipe = "supabase";
    service.service.settings.set("socket", server_->socket().native());
    service.service.settings.set("user", std::string("postgres"));
    BackupRequest made = kit_.request({service});
    made.job = "supabase-weekly";
    made.is_single_stream = true;
    return made;
  }
  std::vector<std::string> keys() {
    std::vector<std::string> all;
    for (const ObjectInfo& info : kit_.store().list("")) all.push_back(info.key);
    return all;
  }

  EngineKit kit_;
  std::unique_ptr<PostgresServer> server_;
};

TEST_F(StreamBackup, StockToolsRestoreItAndEveryCommandReadsIt) {
  BackupRequest slow = request();
  slow.cpu_limit_percent = 1;  // time stands still but for the waits
  const BackupResult result = kit_.backup(slow);
  EXPECT_GT(result.duration, std::chrono::nanoseconds(0));
  EXPECT_EQ(result.id.text(), "vps-h1/supabase-weekly/2026-W19");
  EXPECT_THAT(keys(), ElementsAre("vps-h1/supabase-weekly/2026-W19/manifest.json",
                                  "vps-h1/supabase-weekly/2026-W19/supabase.index.age",
                                  "vps-h1/supabase-weekly/2026-W19/supabase.sql.gz.age"));
  // age -d | gunzip | psql, and nothing else.
  const PostgresServer fresh;
  fresh.sql("postgres", supabase_platform_sql);
  write_file(kit_.folder / "supabase.sql.gz.age", kit_.object(result.id.archive_key()));
  const Secret key = kit_.identities.front().text();
  write_file(kit_.folder / "key", key.reveal());
  shell_ok(format("set -o pipefail; cd {} && age -d -i key supabase.sql.gz.age | gunzip | {}",
                  kit_.folder.path().native(), fresh.psql("postgres")));
  const std::string question = "SELECT count(*), (SELECT count(*) FROM auth.users) FROM app.orders";
  EXPECT_EQ(fresh.sql("postgres", question), "60|25");

  EXPECT_EQ(kit_.verify(result.id).members, 5U);
  const DrillResult drill = kit_.drill(result.id);
  EXPECT_EQ(drill.verdict, DrillVerdict::ok) << drill_line(drill);
  EXPECT_THAT(drill_line(drill), HasSubstr("25 auth users"));
  kit_.restore(result.id, "back");
  kit_.restore(result.id, "part", {"supabase/data.sql"});
  const std::string data = kit_.cat(result.id, "supabase/data.sql");
  EXPECT_THAT(data, HasSubstr("session_replication_role = replica"));
  EXPECT_EQ(slurp(kit_.folder / "back/supabase/data.sql"), data);
  EXPECT_EQ(slurp(kit_.folder / "part/supabase/data.sql"), data);
  EXPECT_THAT(slurp(kit_.folder / "back/RESTORE.md"), HasSubstr("gunzip | psql"));
  EXPECT_THAT(slurp(kit_.folder / "back/facts.json"), HasSubstr("\"auth_users\""));
}

TEST_F(StreamBackup, EverySabotageIsCaught) {
  const BackupResult result = kit_.backup(request());
  Environment world = kit_.environment();
  std::vector<std::string> missed;
  for (const SabotageOutcome& outcome : run_sabotage(kit_.drill_request(result.id), world)) {
    if (!outcome.caught) missed.push_back(outcome.name);
  }
  EXPECT_THAT(missed, IsEmpty());
}

TEST_F(StreamBackup, ASecondRunInTheWeekOverwritesNothing) {
  kit_.backup(request());
  kit_.clock.advance(std::chrono::hours(24));
  const BackupResult second = kit_.backup(request());
  EXPECT_EQ(second.id.text(), "vps-h1/supabase-weekly/2026-W19-5020000");
  EXPECT_EQ(keys().size(), 6U);
  EXPECT_EQ(resolve_snapshot(kit_.store(), "supabase-weekly/2026-W19", "vps-h1"), second.id);
  EXPECT_EQ(resolve_snapshot(kit_.store(), "supabase-weekly/latest", ""), second.id);
  EXPECT_EQ(kit_.drill(second.id).verdict, DrillVerdict::ok);
}

TEST_F(StreamBackup, WhatFailsLeavesNothingInTheStore) {
  BackupRequest broken = request();
  // A pg_dump that is killed in the middle of its output.
  const std::string real =
      shell_ok("ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1 | tr -d '\\n'");
  for (const char* program : {"psql", "pg_dumpall"}) {
    std::filesystem::create_symlink(real + "/" + program, kit_.folder / program);
  }
  write_file(kit_.folder / "pg_dump",
             format("#!/bin/bash\n[[ $1 == --version ]] && exec {0}/pg_dump --version\n"
                    "{0}/pg_dump \"$@\" | head -c 3000\necho 'lost the server' >&2\nkill -9 $$\n",
                    real));
  shell_ok(format("chmod 755 {}", (kit_.folder / "pg_dump").native()));
  broken.services[0].service.settings.set("program_dir", kit_.folder.path().native());
  const std::string told = error_text([&] { kit_.backup(broken); });
  EXPECT_THAT(told, HasSubstr("supabase/schema.sql"));
  EXPECT_THAT(told, HasSubstr("lost the server"));
  EXPECT_THAT(keys(), IsEmpty());
}

TEST(StreamJob, TakesOneServiceThatIsOneScript) {
  EngineKit kit;
  BackupRequest request = kit.request({kit.files()});
  request.is_single_stream = true;
  EXPECT_THAT(error_text([&] { kit.backup(request); }), HasSubstr("does not make one SQL script"));
  request = kit.request();
  request.is_single_stream = true;
  EXPECT_THAT(error_text([&] { kit.backup(request); }), HasSubstr("has one service"));
  EXPECT_THAT(kit.store().list(""), IsEmpty());
}

}  // namespace
}  // namespace lifeboat::test
