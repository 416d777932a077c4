// Whole command lines in memory, for tests.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/stop.h"
#include "cli/app.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::cli {

struct Outcome {
  int code = -1;
  std::string out;
  std::string talk;
};

class AppFixture : public testing::Test {
 protected:
  // The machine's own engine is no business of a test.
  AppFixture() { ::setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock", 1); }
  Outcome run(const std::vector<std::string>& arguments) {
    MemorySink out;
    MemorySink talk;
    Surroundings surroundings{out, talk, terminal_, clock_, random_, stop_.token()};
    Outcome outcome;
    outcome.code = cli::run(arguments, surroundings);
    outcome.out = out.text();
    outcome.talk = talk.text();
    return outcome;
  }

  // With the configuration `lifeboat.yaml` of the folder.
  Outcome with_config(std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), {"--config", path("lifeboat.yaml")});
    return run(arguments);
  }
  // The public half of `key.txt`.
  std::string recipient() {
    std::string key = run({"keygen", "-y", path("key.txt")}).out;
    key.pop_back();
    return key;
  }

  std::string path(std::string_view name) { return (folder_ / name).native(); }

  test::TempFolder folder_;
  test::ManualClock clock_;
  SystemRandom random_;
  StopSource stop_;
  TerminalTraits terminal_;
};

}  // namespace lifeboat::cli
