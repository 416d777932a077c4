// A drill's containers on the real engine: what they cannot reach, how they are asked, their end.
//
// That nothing is reached would prove nothing if nothing listened: each case is first shown to
// succeed from a container with the host's network, or with one of the engine's.

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <memory>

#include "docker/real_docker.h"
#include "docker/scratch_containers.h"
#include "support/http_server.h"

namespace lifeboat::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* serve_forever = "while :; do sleep 0.1; done";
// busybox's own web server, in the foreground.
constexpr const char* serve_pages =
    "mkdir /www && echo hello > /www/index.html && exec httpd -f -p 127.0.0.1:8080 -h /www";

class DrillContainers : public RealDocker {
 protected:
  void SetUp() override {
    RealDocker::SetUp();
    if (docker) containers = std::make_unique<ScratchContainers>(options, clock, random);
  }
  void TearDown() override {
    containers.reset();
    RealDocker::TearDown();
    if (docker) shell(format("{} network rm {}", client(), name));
  }
  std::string start(const std::string& script) {
    return containers->start({.image = "busy:1", .argv = {"sh", "-c", script}});
  }
  // The page at "HOST PORT", or why there is none. By nc: the wget of a static busybox crashes in
  // the resolver.
  std::string fetch_from(const std::string& id, const std::string& address) {
    const std::string request = R"(printf 'GET /index.html HTTP/1.0\r\n\r\n')";
    return docker
        ->exec(id, {.argv = {"sh", "-c", format("{} | nc -w 3 {} 2>&1", request, address)}})
        .output;
  }
  std::string get(const std::string& id, const std::string& path) {
    HttpClient client = containers->client(id);
    for (;;) {
      try {
        return client.send({.url = "http://127.0.0.1:8080" + path}).body;
      } catch (const Error& error) {
        if (!error.is_transient() || docker->state(id) != "running") throw;
      }
    }
  }

  std::unique_ptr<ScratchContainers> containers;
};

TEST_F(DrillContainers, ReachNothingOfTheHost) {
  const HttpServer server([](const ServedRequest&) { return ServedResponse{.body = "hello"}; });
  const std::string address = format("127.0.0.1 {}", server.port());
  shell_ok(format("{} run -d --network host --name {} busy:1 sh -c '{}'", client(), name,
                  serve_forever));
  EXPECT_THAT(fetch_from(docker->container({.name = name}).id, address), HasSubstr("hello"));
  const std::string id = start(serve_forever);
  EXPECT_THAT(fetch_from(id, address), HasSubstr("Connection refused"));
}

TEST_F(DrillContainers, ReachNoBridgeAndNoOtherContainerAndHaveNoWayOut) {
  shell_ok(format("{} network create {}", client(), name));
  shell_ok(
      format("{} run -d --network {} --name {} busy:1 sh -c 'mkdir /www; echo hello > "
             "/www/index.html; exec httpd -f -p 80 -h /www'",
             client(), name, name));
  const std::string address(trim(shell_ok(format(
      "{} inspect -f '{{{{range .NetworkSettings.Networks}}}}{{{{.IPAddress}}}}{{{{end}}}}' {}",
      client(), name))));
  const std::string gateway = address.substr(0, address.rfind('.')) + ".1";
  EXPECT_THAT(shell_ok(format("curl -sS --retry 50 --retry-connrefused --retry-delay 0 http://{}/",
                              address)),
              HasSubstr("hello"));
  const std::string id = start(serve_forever);
  for (const std::string& unreachable : {address, gateway, std::string("192.0.2.1")}) {
    EXPECT_THAT(fetch_from(id, unreachable + " 80"), HasSubstr("Network is unreachable"))
        << unreachable;
  }
  EXPECT_EQ(dump(id, "ls /sys/class/net"), "lo\n");
  EXPECT_EQ(dump(id, "tail -n +2 /proc/net/route"), "");
  EXPECT_EQ(containers->docker().inspect(id).container.mounts.size(), 0u);
}

TEST_F(DrillContainers, AreAskedFromOutsideWithoutANetwork) {
  const std::string id = start(serve_pages);
  EXPECT_EQ(get(id, "/index.html"), "hello\n");
  HttpClient here;
  EXPECT_THAT(error_text([&] { here.send({.url = "http://127.0.0.1:8080/"}); }),
              Not(HasSubstr("hello")));
}

TEST_F(DrillContainers, ShareOneNetwork) {
  const std::string server = start(serve_pages);
  EXPECT_EQ(get(server, "/index.html"), "hello\n");
  const std::string other = start(serve_forever);
  EXPECT_THAT(fetch_from(other, "127.0.0.1 8080"), EndsWith("\r\n\r\nhello\n"));
  EXPECT_EQ(get(other, "/index.html"), "hello\n");
}

TEST_F(DrillContainers, GiveFoldersVariablesAndTheirLog) {
  write_file(folder / "bound/in", "from the host\n");
  const std::string id = containers->start(
      {.image = containers->find_image("busy:1"),
       .argv = {"-c", format("cat /data/in; echo $NAME >&2; touch /data/out; {}", serve_forever)},
       .entrypoint = {"sh"},
       .env = {{"NAME", std::make_shared<Secret>("from the environment")}},
       .user = "0",
       .binds = {{folder / "bound", "/data"}}});
  while (!std::filesystem::exists(folder / "bound/out")) ::usleep(1000);
  EXPECT_THAT(containers->log_tail(id), HasSubstr("from the host"));
  EXPECT_THAT(containers->log_tail(id), HasSubstr("from the environment"));
}

TEST_F(DrillContainers, AreLimited) {
  const std::string id = containers->start({.image = "busy:1",
                                            .argv = {"sh", "-c", serve_forever},
                                            .memory_bytes_max = 64 << 20,
                                            .processes_max = 20});
  EXPECT_EQ(trim(shell_ok(format("{} inspect -f '{{{{.HostConfig.Memory}}}} "
                                 "{{{{.HostConfig.PidsLimit}}}}' {}",
                                 client(), id))),
            "67108864 20");
  const DockerExecResult bomb = docker->exec(
      id, {.argv = {"sh", "-c", "for i in $(seq 40); do sleep 5 & done; echo through"}});
  EXPECT_THAT(bomb.output + bomb.stderr_tail, HasSubstr("can't fork"));
}

TEST_F(DrillContainers, OneThatEndedCannotBeAsked) {
  const std::string id = start("echo last words; exit 3");
  while (docker->state(id) == "running") ::usleep(1000);
  EXPECT_THAT(error_text([&] { containers->client(id); }), HasSubstr("does not run any more"));
  EXPECT_THAT(containers->log_tail(id), StartsWith("last words"));
}

TEST_F(DrillContainers, AreGoneAfterwards) {
  const std::string first = start(serve_forever);
  const std::string second = start(serve_forever);
  containers->remove(second);
  EXPECT_EQ(docker->state(second), std::nullopt);
  EXPECT_EQ(docker->state(first), "running");
  containers.reset();
  EXPECT_EQ(docker->state(first), std::nullopt);
}

TEST_F(DrillContainers, ThoseOfAKilledDrillAreSweptAndThoseOfALivingOneAreNot) {
  const std::string living = start(serve_forever);
  const pid_t child = ::fork();
  if (child == 0) {
    ScratchContainers its(options, clock, random);
    write_file(folder / "id", its.start({.image = "busy:1", .argv = {"sh", "-c", serve_forever}}));
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  const std::string dead = slurp(folder / "id");
  EXPECT_EQ(docker->state(dead), "running");
  EXPECT_GE(sweep_drill_containers(options, clock), 1u);
  EXPECT_EQ(docker->state(dead), std::nullopt);
  EXPECT_EQ(docker->state(living), "running");
}

}  // namespace
}  // namespace lifeboat::test
