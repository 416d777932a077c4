// The Docker room against a real engine, which tests/docker/start.sh starts: Docker's own, and
// Podman's service, which speaks the same API.

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>

#include "docker/quiesce.h"
#include "docker/real_docker.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::StartsWith;

TEST_F(RealDocker, TellsItsVersion) {
  EXPECT_TRUE(Docker::is_present(options));
  EXPECT_THAT(docker->version(), HasSubstr("(API 1."));
}

TEST_F(RealDocker, FindsAndShowsAContainer) {
  shell_ok(format("{} volume create --label keep=yes {}", client(), name));
  run(
      format("-v {}:/data:ro -l com.docker.compose.project={} -l com.docker.compose.service=db "
             "-e PASSWORD=geheim --stop-timeout 77 --user 1000",
             name, name));
  const DockerContainer found =
      docker->container({.compose_project = name, .compose_service = "db"});
  EXPECT_EQ(found.name, name);
  EXPECT_EQ(docker->container({.volume = name}).id, found.id);
  EXPECT_EQ(docker->container({.name = found.id.substr(0, 12)}).id, found.id);
  const DockerDetails details = docker->inspect(found.id);
  EXPECT_EQ(details.container.image, is_podman() ? "docker.io/library/busy:1" : "busy:1");
  EXPECT_THAT(details.image_digest, StartsWith("sha256:"));
  EXPECT_EQ(details.repo_digests.empty(), !is_podman());  // Podman digests local images too
  EXPECT_EQ(details.stop_grace, std::chrono::seconds(77));
  EXPECT_FALSE(details.is_removed_when_stopped);
  EXPECT_EQ(details.user, "1000");
  EXPECT_EQ(docker_secret(*docker, details, "PASSWORD")->reveal(), "geheim");
  ASSERT_EQ(details.container.mounts.size(), 1u);
  EXPECT_TRUE(details.container.mounts[0].read_only);
  const auto volume = docker->volume(name);
  ASSERT_TRUE(volume);
  EXPECT_EQ(volume->mountpoint, details.container.mounts[0].source);
  EXPECT_TRUE(fs::is_directory(volume->mountpoint));
  EXPECT_EQ(volume->labels.at("keep"), "yes");
  EXPECT_FALSE(docker->volumes().empty());
  EXPECT_EQ(docker->volume("none-of-that-name"), std::nullopt);
}

TEST_F(RealDocker, StreamsADumpByteForByte) {
  const std::string id = run();
  const std::string sums =
      dump(id, "head -c 20000000 /dev/urandom > /tmp/data; sha256sum < /tmp/data");
  const std::string data = dump(id, "cat /tmp/data; echo note >&2");
  EXPECT_EQ(data.size(), 20'000'000u);
  write_file(folder / "data", data);
  EXPECT_EQ(shell_ok(format("sha256sum < {}", (folder / "data").native())), sums);
}

TEST_F(RealDocker, GivesInputSecretsAndUser) {
  const std::string id = run();
  SeededRandom seeded;
  const Bytes sent = seeded.bytes(3'000'000);
  MemorySource input(sent);
  const auto source = docker->exec_source(
      id, {.argv = {"sh", "-c", "cat; echo $PW >&2"},
           .env = {{"PW", std::make_shared<Secret>(std::string_view("s3cret"))}},
           .input = &input});
  EXPECT_EQ(drain(*source), sent);
  const DockerExecResult result =
      docker->exec(id, {.argv = {"sh", "-c", "id -u; pwd; echo $PW; exit 3"},
                        .env = {{"PW", std::make_shared<Secret>(std::string_view("s3cret"))}},
                        .user = "guest",
                        .working_dir = "/tmp"});
  EXPECT_EQ(result.output, "1000\n/tmp\ns3cret\n");
  EXPECT_EQ(result.exit_code, 3);
}

TEST_F(RealDocker, AFailedDumpIsAnErrorAfterItsBytes) {
  const std::string id = run();
  EXPECT_THAT(error_text([&] { dump(id, "echo half; echo no such table >&2; exit 2"); }),
              HasSubstr("exit code 2: no such table"));
  const auto missing = docker->exec_source(id, {.argv = {"no-such-program"}});
  EXPECT_THAT(error_text([&] { drain(*missing); }), HasSubstr("executable file not found"));
}

TEST_F(RealDocker, AContainerKilledMidwayIsAnError) {
  const std::string id = run();
  const auto source =
      docker->exec_source(id, {.argv = {"sh", "-c", "echo begun; while :; do sleep 0.1; done"}});
  std::array<std::byte, 64> block;
  EXPECT_EQ(source->read(block), 6u);
  shell_ok(format("{} kill {}", client(), name));
  EXPECT_THAT(error_text([&] { drain(*source); }), HasSubstr("exit code 137"));
}

TEST_F(RealDocker, APausedAndAStoppedContainerAreTold) {
  const std::string id = run();
  docker->pause(id);
  EXPECT_THAT(error_text([&] { dump(id, "true"); }), HasSubstr("paused"));
  docker->unpause(id);
  EXPECT_TRUE(becomes(id, "running"));
  docker->stop(id, std::chrono::seconds(5));
  docker->stop(id, std::chrono::seconds(5));
  EXPECT_EQ(docker->state(id), "exited");
  EXPECT_THAT(error_text([&] { dump(id, "true"); }),
              AllOf(HasSubstr(is_podman() ? "only create exec sessions on running" : "not running"),
                    HasSubstr("hint: Start it")));
  docker->start(id);
  docker->start(id);
  EXPECT_EQ(dump(id, "echo up"), "up\n");
}

TEST_F(RealDocker, AQuietContainerRunsAgain) {
  const std::string id = run();
  for (const QuiesceMode mode : {QuiesceMode::stop, QuiesceMode::pause}) {
    const Quiesce quiesce(*docker, id, mode, folder / "notes", random, clock);
    EXPECT_EQ(docker->state(id), mode == QuiesceMode::stop ? "exited" : "paused");
  }
  EXPECT_TRUE(becomes(id, "running"));
  EXPECT_TRUE(fs::is_empty(folder / "notes"));
}

TEST_F(RealDocker, AKilledRunIsRepairedByTheNext) {
  const std::string id = run();
  const pid_t child = ::fork();
  if (child == 0) {
    Docker its(options, clock);
    const Quiesce quiesce(its, id, QuiesceMode::pause, folder / "notes", random, clock);
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(docker->state(id), "paused");
  EXPECT_THAT(repair_quiesced(*docker, folder / "notes", clock),
              testing::ElementsAre(HasSubstr("runs again")));
  EXPECT_TRUE(becomes(id, "running"));
  EXPECT_TRUE(fs::is_empty(folder / "notes"));
}

// The engine goes on with a stop whose caller was killed: what the next run finds running would be
// down a moment later, for good.
TEST_F(RealDocker, ARunKilledWhileItsContainerWasStoppingIsRepairedByTheNext) {
  shell_ok(
      format("{} run -d --network none --name {} busy:1 sh -c 'trap \"touch /asked; sleep 2; "
             "exit\" TERM; while :; do sleep 0.1; done'",
             client(), name));
  const std::string id = docker->container({.name = name}).id;
  const pid_t child = ::fork();
  if (child == 0) {
    Docker its(options, clock);
    const Quiesce quiesce(its, id, QuiesceMode::stop, folder / "notes", random, clock);
    ::_exit(1);
  }
  dump(id, "until test -e /asked; do sleep 0.02; done");
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(docker->state(id), is_podman() ? "stopping" : "running");
  EXPECT_THAT(repair_quiesced(*docker, folder / "notes", clock),
              testing::ElementsAre(HasSubstr("runs again")));
  EXPECT_EQ(docker->state(id), "running");
  EXPECT_TRUE(fs::is_empty(folder / "notes"));
}

// What other tests rely on: a named volume belongs to the server's user, and a socket lies in it.
TEST_F(RealDocker, TheDatabaseImageRunsItsServers) {
  if (const auto reason = why_missing("db:1"); !reason.empty()) GTEST_SKIP() << reason;
  shell_ok(
      format("{} run -d --network none --name {} -v {}:/var/lib/mysql --user mysql db:1 sh -c "
             "'mariadb-install-db --skip-test-db --auth-root-authentication-method=normal >&2 && "
             "exec mariadbd --skip-networking --socket=/var/lib/mysql/sock'",
             client(), name, name));
  const std::string id = docker->container({.name = name}).id;
  const std::string ask = "mariadb -uroot --socket=/var/lib/mysql/sock -Ne";
  EXPECT_EQ(dump(id, format("until {} 'select 1' 2>/dev/null; do sleep 0.1; done; "
                            "{} 'create table mysql.t(i int) engine=innodb; select 6*7'",
                            ask, ask)),
            "1\n42\n");
  shell_ok(format("{} rm -f -v {}", client(), name));
  shell_ok(
      format("{} run -d --network none --name {} --user postgres db:1 sh -c "
             "'initdb -D /var/lib/postgresql/data >&2 && "
             "exec postgres -D /var/lib/postgresql/data -c listen_addresses='",
             client(), name));
  const std::string other = docker->container({.name = name}).id;
  EXPECT_EQ(dump(other,
                 "until psql -Atc 'select 1' 2>/dev/null; do sleep 0.1; done; "
                 "psql -Atc 'select 6*7'"),
            "1\n42\n");
}

TEST_F(RealDocker, TheNodeImageRunsNode) {
  if (const auto reason = why_missing("node:1"); !reason.empty()) GTEST_SKIP() << reason;
  EXPECT_EQ(shell_ok(format("{} run --rm --network none node:1 node -p 6*7", client())), "42\n");
}

}  // namespace
}  // namespace lifeboat::test
