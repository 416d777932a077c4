// What tests against the real engine of start.sh, Docker's or Podman's, share: one container a
// test, named like it.
#pragma once

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "base/format.h"
#include "base/text.h"
#include "docker/docker.h"
#include "docker/process_mark.h"
#include "docker/scratch_containers.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {

class RealDocker : public testing::Test {
 protected:
  void SetUp() override {
    const char* variable = std::getenv("LIFEBOAT_DOCKER_STATE");
    if (variable == nullptr) {
      GTEST_SKIP() << "LIFEBOAT_DOCKER_STATE: run tests/docker/start.sh first";
    }
    state = variable;
    if (std::filesystem::exists(state / "skipped")) GTEST_SKIP() << slurp(state / "skipped");
    ASSERT_TRUE(std::filesystem::exists(state / "ready"));
    options.socket = state / "docker.sock";
    docker = std::make_unique<Docker>(options, clock);
    name = format("{}-{}", testing::UnitTest::GetInstance()->current_test_info()->name(), getpid());
  }
  void TearDown() override {
    if (docker) shell(format("{} rm -f -v {}; {} volume rm {}", client(), name, client(), name));
  }
  // Why the engine has no `image`; empty if it has it.
  std::string why_missing(const std::string& image) const {
    for (const auto& line : split(slurp(state / "missing-images"), '\n')) {
      if (line.starts_with(image + ": ")) return std::string(line);
    }
    return "";
  }
  bool is_podman() const { return slurp(state / "engine") == "podman\n"; }
  std::string client() const {
    return format("DOCKER_HOST=unix://{} /usr/bin/docker", options.socket.native());
  }
  // `docker run -d --name NAME ...`, and its id. It ends on SIGTERM at once.
  std::string run(const std::string& more = "") {
    shell_ok(
        format("{} run -d --network none --name {} {} busy:1 "
               "sh -c 'trap exit TERM; while :; do sleep 0.1; done'",
               client(), name, more));
    return docker->container({.name = name}).id;
  }
  std::string dump(const std::string& id, const std::string& command) {
    return std::string(as_text(drain(*docker->exec_source(id, {.argv = {"sh", "-c", command}}))));
  }

  // Whether the container gets there. An engine hears of a pause by an event that may come after
  // the answer to what ended it, and says "paused" of what runs for some milliseconds.
  bool becomes(const std::string& id, const std::string& wanted) {
    for (int tries = 0; tries < 1000; ++tries) {
      if (docker->state(id) == wanted) return true;
      ::usleep(10'000);
    }
    return false;
  }
  // Of the containers that drills of this process started: other tests use the engine meanwhile.
  static std::string own_drill_label() { return format("{}={}", drill_label, process_mark()); }

  std::filesystem::path state;
  DockerOptions options;
  SystemClock clock;
  SystemRandom random;
  TempFolder folder;
  std::unique_ptr<Docker> docker;
  std::string name;
};

}  // namespace lifeboat::test
