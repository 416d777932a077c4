// Recipes of folders against a real engine: containers that stand still and run again whatever
// happens, and folders that are replaced under them.
#include <sys/stat.h>
#include <sys/wait.h>

#include "docker/quiesce.h"
#include "docker/real_docker.h"
#include "recipe/uptime_kuma/recipe_uptime_kuma.h"
#include "recipe/volume/locate.h"
#include "recipe/volume/recipe_volume.h"
#include "recipe/volume/replace.h"
#include "support/recipe_drive.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RealFolders : public RealDocker {
 protected:
  void SetUp() override {
    RealDocker::SetUp();
    if (!docker) return;
    context.docker_socket = options.socket;
    shell_ok(format("{} volume create {}", client(), name));
    service.settings.set("volume", name);
  }
  // A container "NAME" that has the volume at /data.
  void start() { id = run(format("-v {}:/data", name)); }
  fs::path data() { return locate_folder(service, context); }
  std::string seen(const std::string& path) { return dump(id, "cat /data/" + path); }

  RecipeContext context{clock, random, {}, folder.path(), folder / "state"};
  std::unique_ptr<Recipe> recipe = make_volume_recipe();
  Service service{"web", "volume", {}};
  std::string id;
};

TEST_F(RealFolders, AVolumeIsFoundWhereTheEngineKeepsItAndItsContainerIsTold) {
  start();
  EXPECT_THAT(data().native(), testing::StartsWith(state.native()));
  write_file(data() / "a", "content");
  const DrivenBackup made = drive_backup(*recipe, service, context, folder / "restored");
  EXPECT_EQ(slurp(folder / "restored/a"), "content");
  EXPECT_EQ(made.facts.details["container"]["name"], name);
  EXPECT_EQ(made.facts.details["container"]["image"], "busy:1");
  EXPECT_EQ(docker->state(id), "running");
}

TEST_F(RealFolders, StandsStillFromTheFirstMemberToTheLast) {
  start();
  write_file(data() / "a", "1");
  write_file(data() / "b", "2");
  for (const auto& [word, quiet] : {std::pair("stop", "exited"), std::pair("pause", "paused")}) {
    service.settings.set("stop", std::string(word));
    const auto plan = recipe->plan(service, context);
    EXPECT_TRUE(becomes(id, "running"));
    while (plan->next()) EXPECT_EQ(docker->state(id), quiet);
    EXPECT_TRUE(becomes(id, "running"));
    EXPECT_THAT(plan->warnings(), IsEmpty());
  }
  EXPECT_TRUE(fs::is_empty(folder / "state"));
}

TEST_F(RealFolders, RunsAgainWhenTheBackupEndsEarlyOrIsKilled) {
  start();
  write_file(data() / "a", "1");
  service.settings.set("stop", std::string("stop"));
  recipe->plan(service, context)->next();
  EXPECT_EQ(docker->state(id), "running");
  const pid_t child = ::fork();
  if (child == 0) {
    const auto plan = recipe->plan(service, context);
    plan->next();
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(docker->state(id), "exited");
  EXPECT_THAT(repair_quiesced(*docker, folder / "state", clock),
              ElementsAre(HasSubstr("runs again")));
  EXPECT_EQ(docker->state(id), "running");
}

TEST_F(RealFolders, AReplacedVolumeIsTheOneThatTheContainerHas) {
  start();
  write_file(data() / "a", "old");
  drive_backup(*recipe, service, context, folder / "restored");
  write_file(data() / "a", "broken");
  write_file(data() / "late", "x");
  struct stat before {};
  ::stat(data().c_str(), &before);
  const ReplaceReport report = recipe->replace(service, {"web", folder / "restored", {}}, context);
  struct stat after {};
  ::stat(data().c_str(), &after);
  EXPECT_EQ(after.st_ino, before.st_ino);
  EXPECT_EQ(docker->state(id), "running");
  EXPECT_EQ(seen("a"), "old");
  EXPECT_EQ(dump(id, "ls /data"), "a\n");
  ASSERT_EQ(report.kept.size(), 1u);
  EXPECT_EQ(fs::path(report.kept[0]).parent_path(), data().parent_path());
  EXPECT_EQ(slurp(fs::path(report.kept[0]) / "a"), "broken");
}

TEST_F(RealFolders, AFailedReplacementLeavesContainerAndFilesAsTheyWere) {
  start();
  write_file(data() / "a", "live");
  fs::create_directory(folder / "restored");
  write_file(folder / "restored/a", "new");
  const auto fail_at_start = [&](std::string_view step) {
    if (step == "start the container") throw Error(ErrorKind::service, "the disk broke");
  };
  EXPECT_THAT(error_text([&] {
                replace_folders(service, {whole_folder(data(), folder / "restored")}, context,
                                fail_at_start);
              }),
              HasSubstr("the disk broke"));
  EXPECT_EQ(docker->state(id), "running");
  EXPECT_EQ(seen("a"), "live");
}

// As the full image of Uptime Kuma runs it: its own MariaDB, at a socket in the data folder.
TEST_F(RealFolders, UptimeKumasEmbeddedMariadbIsDumpedInItsContainer) {
  if (const auto reason = why_missing("db:1"); !reason.empty()) GTEST_SKIP() << reason;
  shell_ok(
      format("{} run -d --network none --name {} -v {}:/app/data db:1 sh -c "
             "'mkdir -p /app/data/run /app/data/mariadb && chown mysql /app/data/*  && "
             "mariadb-install-db --no-defaults --user=mysql --datadir=/app/data/mariadb "
             "--auth-root-authentication-method=socket && exec mariadbd --no-defaults --user=mysql "
             "--datadir=/app/data/mariadb --socket=/app/data/run/mariadb.sock --skip-networking'",
             client(), name, name));
  id = docker->container({.name = name}).id;
  const std::string sql =
      "mariadb --no-defaults --socket=/app/data/run/mariadb.sock -e 'CREATE DATABASE kuma; "
      "USE kuma; CREATE TABLE monitor(id INT PRIMARY KEY, name TEXT); CREATE TABLE notification"
      "(id INT); CREATE TABLE user(id INT); CREATE TABLE heartbeat(id INT); "
      "INSERT INTO monitor VALUES (1, \"shop\"), (2, \"mail\")'";
  // Until it listens.
  for (int tries = 0; tries < 600; ++tries) {
    if (docker->exec(id, {.argv = {"sh", "-c", sql}}).exit_code == 0) break;
    clock.sleep(std::chrono::milliseconds(100), {});
  }
  write_file(data() / "db-config.json", R"({"type": "embedded-mariadb"})");
  service.recipe = "uptime-kuma";
  recipe = make_uptime_kuma_recipe();
  const DrivenBackup made = drive_backup(*recipe, service, context, folder / "restored");
  EXPECT_EQ(made.facts.find("monitors")->count, 2u);
  EXPECT_THAT(made.facts.details["client"].get<std::string>(), HasSubstr("in container"));
  EXPECT_THAT(slurp(folder / "restored/databases/kuma.sql"), HasSubstr("'shop'"));
  EXPECT_THAT(failed_probes(recipe->probe({"kuma", folder / "restored", made.facts}, context)),
              IsEmpty());
}

TEST_F(RealFolders, AFileThatIsMountedByItselfIsWrittenInto) {
  const fs::path live = folder / "live";
  write_file(live / "acme.json", "old");
  id = run(format("-v {}:/acme.json", (live / "acme.json").native()));
  fs::create_directory(folder / "restored");
  write_file(folder / "restored/acme.json", "new");
  service.settings = {};
  service.settings.set("path", live.native());
  FolderChange change = whole_folder(live, folder / "restored");
  change.in_place = {"acme.json"};
  replace_folders(service, {change}, context, [&](std::string_view step) {
    if (step == "start the container") {
      EXPECT_EQ(docker->state(id), "exited");
    }
  });
  EXPECT_EQ(dump(id, "cat /acme.json"), "new");
  EXPECT_EQ(docker->state(id), "running");
}

}  // namespace
}  // namespace lifeboat::test
