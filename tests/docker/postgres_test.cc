// The recipe `postgres` against a server in a real container: dumped from within, proved in another
// container of the same image, and a container that stops midway.
#include "docker/real_docker.h"
#include "docker/scratch_containers.h"
#include "recipe/postgres/recipe_postgres.h"
#include "support/recipe_drive.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

class RealPostgres : public RealDocker {
 protected:
  void SetUp() override {
    RealDocker::SetUp();
    if (!docker) return;
    if (const std::string reason = why_missing("db:1"); !reason.empty()) GTEST_SKIP() << reason;
    shell_ok(
        format("{} run -d --network none --name {} --user postgres db:1 sh -c 'cd /tmp; "
               "initdb -D /tmp/data -A trust -U postgres --no-sync > /dev/null; exec postgres "
               "-D /tmp/data -c listen_addresses= -c unix_socket_directories=/tmp'",
               client(), name));
    for (int round = 0; round < 300 && shell(psql("SELECT 1")).status != 0; ++round) {
      clock.sleep(std::chrono::milliseconds(100), {});
    }
    shell_ok(psql("CREATE TABLE things AS SELECT i FROM generate_series(1, 30000) i"));
    context.docker_socket = options.socket;
    service.settings.set("container", name);
    service.settings.set("socket", std::string("/tmp"));
  }
  std::string psql(const std::string& sql) const {
    return format("{} exec {} psql -h /tmp -U postgres -c \"{}\"", client(), name, sql);
  }

  RecipeContext context{clock, random, {}, folder.path(), folder / "state"};
  std::unique_ptr<Recipe> recipe = make_postgres_recipe();
  Service service{"db", "postgres", {}};
};

TEST_F(RealPostgres, IsDumpedFromWithinAndProvedFromTheSameImage) {
  const DrivenBackup made = drive_backup(*recipe, service, context, folder / "db");
  EXPECT_EQ(made.facts.find("rows")->count, 30000U);
  EXPECT_EQ(made.facts.details["container"]["image"], "db:1");
  const RestoredService restored{"db", folder / "db", made.facts};
  EXPECT_THAT(failed_probes(recipe->probe(restored, context)), IsEmpty());
  // No session of ours is left in the container.
  const std::string left =
      "SELECT 'left: ' || count(*) FROM pg_stat_activity WHERE "
      "application_name = 'lifeboat'";
  for (int round = 0; round < 100; ++round) {
    if (shell_ok(psql(left)).find("left: 0") != std::string::npos) break;
    clock.sleep(std::chrono::milliseconds(100), {});
  }
  EXPECT_THAT(shell_ok(psql(left)), HasSubstr("left: 0"));

  ScratchContainers containers(options, clock, random);
  const TempFolder ground_folder;
  ProvingGround ground{&containers, ground_folder.path()};
  std::string why_not;
  const auto answers = recipe->prove(restored, ground, context, why_not);
  EXPECT_THAT(answers, SizeIs(2)) << why_not;
  EXPECT_THAT(failed_probes(answers), IsEmpty());
}

TEST_F(RealPostgres, AContainerThatStopsMidwayFailsTheService) {
  const auto plan = recipe->plan(service, context);
  shell_ok(format("{} kill {}", client(), name));
  const std::string told = error_text([&] {
    while (auto member = plan->next()) {
      const Bytes bytes = drain(*member->open());
      if (member->judge) member->judge({{bytes.size(), ""}, ""});
    }
  });
  EXPECT_THAT(told, HasSubstr("container"));
  EXPECT_THAT(told, HasSubstr("hint: "));
}

}  // namespace
}  // namespace lifeboat::test
