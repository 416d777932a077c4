// A whole drill with containers: an n8n is backed up beside its container, and the drill starts the
// container's image again. Here that is an image which never gets ready, so that there is time to
// interrupt the drill, and to kill it.

#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "docker/quiesce.h"
#include "docker/real_docker.h"
#include "docker/scratch_containers.h"
#include "engine/engine_test_kit.h"
#include "support/n8n_sample.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

constexpr int tries_max = 6000;  // a minute and more

class ContainerDrill : public RealDocker {
 protected:
  void SetUp() override {
    RealDocker::SetUp();
    if (!docker) return;
    kit.docker_socket = options.socket;
    // Containers are named at random, on an engine that other tests use meanwhile.
    kit.random = SeededRandom(static_cast<uint64_t>(getpid()));
    make_n8n_sample(kit.folder / "n8n", {.workflows = 3, .credentials = 2}, kit.random);
  }
  void TearDown() override {
    RealDocker::TearDown();
    if (docker) shell(format("{} rmi -f {}:1", client(), name_in_lower_case()));
  }
  std::string name_in_lower_case() const { return ascii_lower(name); }

  // Of an n8n whose container runs `script`, as any container of its image does.
  DrillRequest back_up(const std::string& script) {
    shell_ok(format("{} create --name {}-base busy:1 true", client(), name));
    shell_ok(format("{} commit --change 'CMD [\"sh\", \"-c\", \"{}\"]' {}-base {}:1", client(),
                    script, name, name_in_lower_case()));
    shell_ok(format("{} rm {}-base", client(), name));
    shell_ok(format("{} run -d --network none --name {} -v {}:/home/node/.n8n {}:1", client(), name,
                    (kit.folder / "n8n").native(), name_in_lower_case()));
    BackupService n8n;
    n8n.service.name = "n8n";
    n8n.service.recipe = "n8n";
    n8n.service.settings.set("path", (kit.folder / "n8n").native());
    DrillRequest request = kit.drill_request(kit.backup(kit.request({n8n})).id);
    request.keep_evidence = false;
    request.engine = DrillEngine::docker;
    return request;
  }
  // Those that drills started from our image.
  std::vector<DockerContainer> drilled() {
    std::vector<DockerContainer> found = docker->containers({.label = drill_label});
    const std::string image = docker->inspect(docker->container({.name = name}).id).image_digest;
    std::erase_if(found, [&](const DockerContainer& one) { return one.image != image; });
    return found;
  }
  void wait_for_container() {
    for (int tries = 0; tries < tries_max; ++tries) {
      if (!drilled().empty() && drilled().front().is_running()) return;
      ::usleep(10'000);
    }
    throw Bug("the drill started no container");
  }
  DrillResult drill(const DrillRequest& request) {
    Environment world = kit.environment();
    return run_drill(request, world);
  }

  EngineKit kit;
};

TEST_F(ContainerDrill, AServiceThatDoesNotStartFailsItAndLeavesNothing) {
  const DrillResult result = drill(back_up("echo no such module; exit 3"));
  EXPECT_EQ(result.verdict, DrillVerdict::failed);
  EXPECT_THAT(drill_line(result), HasSubstr("n8n: n8n starts on the restored data"));
  EXPECT_THAT(result.services.at(0).probes.back().evidence, HasSubstr("no such module"));
  EXPECT_THAT(drilled(), testing::IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(kit.folder / "scratch"));
}

TEST_F(ContainerDrill, AnImageThatIsGoneIsToldAndNoFailure) {
  const DrillRequest request = back_up("sleep 600");
  shell_ok(format("{} rm -f {}; {} rmi -f {}:1", client(), name, client(), name_in_lower_case()));
  const DrillResult result = drill(request);
  EXPECT_EQ(result.verdict, DrillVerdict::ok) << drill_line(result);
  EXPECT_THAT(result.services.at(0).not_started, HasSubstr("is not on this engine"));
}

TEST_F(ContainerDrill, AnInterruptedOneLeavesNothing) {
  const DrillRequest request = back_up("sleep 600");
  std::thread interrupter([&] {
    // Of its own: a client serves one thread at a time.
    Docker its(options, clock);
    for (int tries = 0; tries < tries_max; ++tries) {
      if (!its.containers({.label = own_drill_label()}).empty()) break;
      ::usleep(10'000);
    }
    kit.stop.request_stop();
  });
  kit.system_clock = true;
  EXPECT_THROW(drill(request), Interrupted);
  interrupter.join();
  EXPECT_THAT(drilled(), testing::IsEmpty());
  EXPECT_TRUE(std::filesystem::is_empty(kit.folder / "scratch"));
}

TEST_F(ContainerDrill, WhatAKilledOneLeftIsSweptByTheNextOfAnyKind) {
  DrillRequest request = back_up("sleep 600");
  kit.system_clock = true;
  const pid_t child = ::fork();
  if (child == 0) {
    drill(request);
    ::_exit(1);
  }
  wait_for_container();
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(drilled().size(), 1u);
  request.engine = DrillEngine::none;
  drill(request);
  EXPECT_THAT(drilled(), testing::IsEmpty());
  EXPECT_THAT(kit.progress.notes,
              testing::Contains("removed 1 container of a drill that was killed"));
  EXPECT_TRUE(std::filesystem::is_empty(kit.folder / "scratch"));
}

// A run that was killed left the service stopped: a backup, and a drill, let it run again first.
TEST_F(ContainerDrill, WhatAKilledRunLeftStoppedRunsAgainBeforeTheNext) {
  const DrillRequest request = back_up("sleep 600");
  const std::string id = docker->container({.name = name}).id;
  for (const bool is_drill : {true, false}) {
    const pid_t child = ::fork();
    if (child == 0) {
      Docker its(options, clock);
      const Quiesce quiesce(its, id, QuiesceMode::pause, kit.folder / "state", random, clock);
      ::raise(SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    EXPECT_EQ(docker->state(id), "paused");
    if (is_drill) {
      DrillRequest quiet = request;
      quiet.engine = DrillEngine::none;
      drill(quiet);
    } else {
      kit.backup();
    }
    EXPECT_EQ(docker->state(id), "running");
    EXPECT_THAT(kit.progress.notes, testing::Contains(HasSubstr("runs again")));
    kit.progress.notes.clear();
  }
}

}  // namespace
}  // namespace lifeboat::test
