#include "docker/scratch_containers.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <array>

#include "base/format.h"
#include "base/log.h"
#include "docker/process_mark.h"
#include "docker/scripted_engine_test_kit.h"
#include "support/doubles.h"

namespace lifeboat {
namespace {

using test::error_text;
using test::json_reply;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class ScratchContainersTest : public testing::Test {
 protected:
  ScratchContainersTest() {
    test::SeededRandom same;
    for (std::string& name : names) name = "lifeboat-drill-" + random_hex(same, 8);
    for (size_t at = 0; at < names.size(); ++at) {
      engine.on("POST /containers/create?name=" + names[at],
                json_reply(201, format(R"({{"Id": "c{}"}})", at)));
      engine.on(format("POST /containers/c{}/start", at), json_reply(204, ""));
      engine.on(format("DELETE /containers/{}?force=true&v=true", names[at]), json_reply(204, ""));
    }
  }
  void seen_as(const std::string& name, const std::string& state, int pid = 0) {
    engine.on(format("GET /containers/{}/json", name),
              json_reply(200, format(R"({{"Id": "{}", "State": {{"Status": "{}", "Pid": {}}}}})",
                                     name, state, pid)));
  }
  // The requests of one method, without it and the version: "/containers/c0/start".
  std::vector<std::string> sent(const std::string& method) const {
    std::vector<std::string> found;
    for (const std::string& request : engine.requests()) {
      if (request.starts_with(method)) found.push_back(request.substr(method.size() + 7));
    }
    return found;
  }

  test::ScriptedEngine engine;
  test::ManualClock clock;
  test::SeededRandom random;
  StopSource stop;
  std::array<std::string, 2> names;
  DockerOptions options{.socket = engine.socket_path(), .stop = stop.token()};
};

TEST_F(ScratchContainersTest, StartsOneWithoutANetworkAndWithLimits) {
  {
    ScratchContainers containers(options, clock, random);
    EXPECT_EQ(containers.start({.image = "sha256:abc",
                                .argv = {"serve", "--all"},
                                .env = {{"KEY", std::make_shared<Secret>("s3cret")}},
                                .user = "node",
                                .binds = {{"/scratch/n8n", "/data"}},
                                .memory_bytes_max = 1000,
                                .processes_max = 5}),
              "c0");
    EXPECT_THAT(sent("POST")[0],
                AllOf(HasSubstr(R"("Image":"sha256:abc")"), HasSubstr(R"("NetworkMode":"none")"),
                      HasSubstr(format(R"("lifeboat.drill":"{}")", process_mark())),
                      HasSubstr(R"("Cmd":["serve","--all"])"), HasSubstr(R"("User":"node")"),
                      HasSubstr(R"("Env":["KEY=s3cret"])"), Not(HasSubstr("Ports")),
                      HasSubstr(R"("Source":"/scratch/n8n","Target":"/data")"),
                      HasSubstr(R"("Memory":1000,"MemorySwap":1000,"PidsLimit":5)")));
    EXPECT_THAT(sent("DELETE"), ElementsAre());
  }
  EXPECT_THAT(sent("DELETE"), ElementsAre(format("/containers/{}?force=true&v=true", names[0])));
}

TEST_F(ScratchContainersTest, TheSecondJoinsTheFirstOnesNetworkAndIsRemovedBeforeIt) {
  seen_as(names[0], "running");
  {
    ScratchContainers containers(options, clock, random);
    containers.start({.image = "a"});
    containers.start({.image = "b"});
    EXPECT_THAT(sent("POST")[2], HasSubstr(format(R"("NetworkMode":"container:{}")", names[0])));
  }
  EXPECT_THAT(sent("DELETE"), ElementsAre(HasSubstr(names[1]), HasSubstr(names[0])));
}

TEST_F(ScratchContainersTest, NoneJoinsOneThatEnded) {
  seen_as(names[0], "exited");
  ScratchContainers containers(options, clock, random);
  containers.start({.image = "a"});
  containers.start({.image = "b"});
  EXPECT_THAT(sent("POST")[2], HasSubstr(R"("NetworkMode":"none")"));
}

TEST_F(ScratchContainersTest, WhatCouldNotBeStartedIsRemovedToo) {
  test::ScriptedEngine other;
  other.on("POST /containers/create?name=" + names[0], json_reply(201, R"({"Id": "c0"})"));
  other.on("POST /containers/c0/start", json_reply(400, R"({"message": "no such program"})"));
  {
    ScratchContainers containers({.socket = other.socket_path()}, clock, random);
    EXPECT_THAT(error_text([&] { containers.start({.image = "n8nio/n8n"}); }),
                AllOf(StartsWith("start a container of 'n8nio/n8n' for a drill: "),
                      HasSubstr("no such program")));
  }
  EXPECT_THAT(other.requests().back(), StartsWith("DELETE "));
}

TEST_F(ScratchContainersTest, IsRemovedThoughTheDrillIsInterrupted) {
  {
    ScratchContainers containers(options, clock, random);
    containers.start({.image = "a"});
    stop.request_stop();
    EXPECT_THROW(containers.start({.image = "b"}), Interrupted);
  }
  EXPECT_EQ(sent("POST").size(), 2u);
  EXPECT_EQ(sent("DELETE").size(), 1u);
}

TEST_F(ScratchContainersTest, FindsImagesByAnyNameButNoPath) {
  engine.on("GET /images/n8nio/n8n@sha256:ab/json", json_reply(200, R"({"Id": "sha256:1"})"));
  ScratchContainers containers(options, clock, random);
  EXPECT_EQ(containers.find_image("n8nio/n8n@sha256:ab"), "sha256:1");
  EXPECT_EQ(containers.find_image("none:1"), "");
  const size_t asked = engine.requests().size();
  for (const std::string bad : {"", "../x", "a/../../b", "a?b", "a b", "/x", "a%2e"}) {
    EXPECT_EQ(containers.find_image(bad), "") << bad;
  }
  EXPECT_EQ(engine.requests().size(), asked);
}

TEST_F(ScratchContainersTest, ReadsTheLogOfBothStreamsInOrder) {
  log_redact("hush-hush");
  const std::string body =
      test::frame(1, "one\n") + test::frame(2, "two hush-hush\n") + test::frame(1, "three");
  engine.on("GET /containers/c0/logs?stdout=true&stderr=true&tail=40", json_reply(200, body));
  ScratchContainers containers(options, clock, random);
  EXPECT_EQ(containers.log_tail("c0"), "one\ntwo ***\nthree");
}

TEST_F(ScratchContainersTest, SweepsWhatDeadDrillsLeft) {
  const std::string dead = format("{} 1 boot", ::getpid());
  engine.on("GET /containers/json?all=true", json_reply(200, format(R"([
    {{"Id": "d1", "Names": ["/a"], "Labels": {{"lifeboat.drill": "{}"}}}},
    {{"Id": "l1", "Names": ["/b"], "Labels": {{"lifeboat.drill": "{}"}}}},
    {{"Id": "x1", "Names": ["/c"], "Labels": {{"other": "1"}}}}])",
                                                                    dead, process_mark())));
  engine.on("DELETE /containers/d1?force=true&v=true", json_reply(204, ""));
  EXPECT_EQ(sweep_drill_containers(options, clock), 1u);
  EXPECT_THAT(sent("DELETE"), ElementsAre(HasSubstr("d1")));
}

}  // namespace
}  // namespace lifeboat
