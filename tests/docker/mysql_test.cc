// Recipe `mysql` against MariaDB in a container of a real engine: dumps through exec, with the
// password that the container was made with, and proofs in throw-away containers.
#include <thread>

#include "docker/real_docker.h"
#include "docker/scratch_containers.h"
#include "recipe/mysql/recipe_mysql.h"
#include "support/recipe_drive.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* image = "db:1";
constexpr const char* password = "pa$$ wort'1";
// As the entrypoints of the usual images do: an empty volume is filled, root gets its password.
constexpr const char* server_script =
    "set -e; mkdir -p /run/mysqld; chown mysql /run/mysqld; cd /tmp; "
    "mariadb-install-db --no-defaults --user=mysql --datadir=/var/lib/mysql --skip-test-db "
    "--auth-root-authentication-method=normal > /dev/null; "
    "cat /init.sql > /tmp/init.sql; chmod 644 /tmp/init.sql; "
    "exec mariadbd --no-defaults --user=mysql --datadir=/var/lib/mysql --skip-networking "
    "--socket=/run/mysqld/mysqld.sock --init-file=/tmp/init.sql";

class RealMysql : public RealDocker {
 protected:
  void SetUp() override {
    RealDocker::SetUp();
    if (!docker) return;
    const std::string missing = why_missing(image);
    if (!missing.empty()) GTEST_SKIP() << missing;
    context.docker_socket = options.socket;
    service.settings.set("container", name);
    write_file(folder / "init.sql",
               "SET PASSWORD FOR root@localhost = PASSWORD('pa$$ wort''1');\n"
               "CREATE DATABASE app CHARACTER SET utf8mb4;\nCREATE TABLE app.people (id INT);\n"
               "INSERT INTO app.people VALUES (1), (2), (3);\n");
  }

  // A container "NAME" with the named volume NAME; `more` tells it the password of root.
  void start(const std::string& more) {
    shell_ok(
        format("{} run -d --network none --name {} -v {}:/var/lib/mysql -v {}:/init.sql:ro {} {} "
               "sh -c \"{}\"",
               client(), name, name, (folder / "init.sql").native(), more, image, server_script));
    id = docker->container({.name = name}).id;
    for (int tries = 0; tries < 600 && sql("SELECT 1") != "1\n"; ++tries) ::usleep(100000);
    ASSERT_EQ(sql("SELECT 1"), "1\n") << shell(format("{} logs {}", client(), name)).output;
  }
  void start_with_environment() {
    write_file(folder / "env", format("MARIADB_ROOT_PASSWORD={}\n", password));
    start("--env-file " + (folder / "env").native());
  }
  std::string sql(const std::string& text) {
    return docker
        ->exec(id, {.argv = {"mariadb", "-N", "-u", "root", "-e", text},
                    .env = {{"MYSQL_PWD", std::make_shared<const Secret>(password)}}})
        .output;
  }
  RestoredService backup() {
    driven = drive_backup(*recipe, service, context, folder / "db");
    return {"db", folder / "db", driven.facts};
  }
  // Blocks dumps in the middle until the server ends, runs `strike` then.
  std::string error_while_held(const std::function<void()>& strike) {
    std::thread locker([this] { sql("LOCK TABLES app.people WRITE; SELECT sleep(600)"); });
    const auto wait_for = [this](const std::string& where) {
      for (int tries = 0; tries < 100; ++tries) {
        if (sql("SELECT count(*) FROM information_schema.processlist WHERE " + where) == "1\n") {
          return;
        }
      }
      ADD_FAILURE() << "never seen: " << where;
    };
    wait_for("info LIKE 'SELECT sleep%'");
    std::thread striker([&] {
      wait_for("state LIKE 'Waiting for table%'");
      strike();
    });
    const std::string told = error_text([&] { recipe->plan(service, context); });
    striker.join();
    locker.join();
    return told;
  }

  RecipeContext context{clock, random, {}, folder.path(), folder / "state"};
  std::unique_ptr<Recipe> recipe = make_mysql_recipe();
  Service service{"db", "mysql", {}};
  DrivenBackup driven;
  std::string id;
};

TEST_F(RealMysql, DumpsThroughExecWithThePasswordOfTheContainer) {
  start_with_environment();
  const RestoredService restored = backup();
  EXPECT_THAT(failed_probes(recipe->probe(restored, context)), IsEmpty());
  EXPECT_EQ(restored.expected.find("rows")->count, 3u);
  EXPECT_EQ(restored.expected.details["container"]["name"], name);
  EXPECT_THAT(restored.expected.details["client"].get<std::string>(),
              HasSubstr("in container '" + name + "'"));
  EXPECT_THAT(print_json(facts_to_json(restored.expected)), Not(HasSubstr(password)));
  EXPECT_EQ(docker->state(id), "running");
  EXPECT_THAT(recipe->restore_card(service, restored.expected),
              HasSubstr(format("docker exec -i -e MYSQL_PWD '{}' mariadb -u root", name)));
}

TEST_F(RealMysql, ReadsThePasswordFromAFileInTheContainer) {
  write_file(folder / "secret", std::string(password) + "\n");
  start(format("-e MYSQL_ROOT_PASSWORD_FILE=/run/secret -v {}:/run/secret:ro",
               (folder / "secret").native()));
  EXPECT_EQ(backup().expected.find("rows")->count, 3u);
}

TEST_F(RealMysql, ContainerWithoutTheProgramsIsTold) {
  run();
  EXPECT_THAT(error_text([&] { recipe->plan(service, context); }),
              HasSubstr(format("look for 'mariadb-dump' or 'mysqldump' in container '{}': there is "
                               "neither",
                               name)));
}

TEST_F(RealMysql, WrongPasswordIsAFailedServiceWithAHint) {
  start_with_environment();
  service.settings.set("user", std::string("root"));
  service.settings.set("password", std::make_shared<const Secret>("wr0ng-one"));
  EXPECT_THAT(error_text([&] { recipe->plan(service, context); }),
              AllOf(HasSubstr("Access denied for user"), Not(HasSubstr("wr0ng-one"))));
  EXPECT_EQ(docker->state(id), "running");
}

TEST_F(RealMysql, ContainerThatStopsMidwayIsAFailedService) {
  start_with_environment();
  std::string processes;
  const std::string told = error_while_held([&] {
    processes = shell_ok(format("{} top {}", client(), name));
    shell_ok(format("{} kill {}", client(), name));
  });
  EXPECT_THAT(told, HasSubstr("dump database 'app'"));
  EXPECT_THAT(processes, AllOf(HasSubstr("mariadb-dump"), Not(HasSubstr("wort"))));
}

TEST_F(RealMysql, DumpThatIsKilledInTheContainerIsAFailedService) {
  start_with_environment();
  const std::string told = error_while_held([&] {
    docker->exec(id, {.argv = {"sh", "-c", "kill -9 $(pidof mariadb-dump)"}});
    shell_ok(format("{} restart -t 0 {}", client(), name));
  });
  EXPECT_THAT(told, AllOf(HasSubstr("dump database 'app'"), HasSubstr("exit code 137")));
}

TEST_F(RealMysql, ProvesItselfInAContainerThatIsGoneAfterwards) {
  start_with_environment();
  const RestoredService restored = backup();
  std::string why_not;
  {
    ScratchContainers containers(options, clock, random);
    ProvingGround ground{&containers, folder.path()};
    const auto answers = recipe->prove(restored, ground, context, why_not);
    EXPECT_EQ(answers.size(), 3u) << why_not;
    EXPECT_THAT(failed_probes(answers), IsEmpty());
    RestoredService other = restored;
    other.expected.details["container"] = {{"image", "no-such:1"}};
    EXPECT_THAT(recipe->prove(other, ground, context, why_not), IsEmpty());
    EXPECT_THAT(why_not, HasSubstr("'no-such:1' is not on this host"));
  }
  EXPECT_THAT(docker->containers({.label = own_drill_label()}), IsEmpty());
  EXPECT_EQ(docker->state(id), "running");
}

TEST_F(RealMysql, LiveDatabaseIsReplacedWithThePasswordOfTheContainer) {
  start_with_environment();
  const RestoredService restored = backup();
  sql("DELETE FROM app.people");
  const std::string app = name + "-app";
  shell_ok(
      format("{} run -d --network none --name {} busy:1 sh -c 'trap exit TERM; while :; do "
             "sleep 0.1; done'",
             client(), app));
  const auto started_at = [&] {
    return shell_ok(format("{} inspect -f '{{{{.State.StartedAt}}}}' {}", client(), app));
  };
  const std::string before = started_at();
  service.settings.set("used_by", app);
  const ReplaceReport report = recipe->replace(service, restored, context);
  EXPECT_THAT(report.kept, testing::ElementsAre(HasSubstr("app_before_")));
  EXPECT_THAT(report.done, testing::Contains(HasSubstr("started again")));
  EXPECT_EQ(docker->state(docker->container({.name = app}).id), "running");
  EXPECT_NE(started_at(), before) << "it was stopped for the swap";
  shell_ok(format("{} rm -f {}", client(), app));
  EXPECT_EQ(sql("SELECT count(*) FROM app.people"), "3\n");
}

}  // namespace
}  // namespace lifeboat::test
