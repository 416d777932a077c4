// `diff` and `restore --yes-replace` as a person types them.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "base/format.h"
#include "base/json.h"
#include "cli/app_test_fixture.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class DiffCommand : public AppFixture {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"keygen", "-o", path("key.txt")}).code, 0);
    fs::create_directories(folder_ / "live");
    fs::create_directories(folder_ / "store");
    fs::create_directories(folder_ / "scratch");
    test::write_file(path("live/a.txt"), "hello\n");
    test::write_file(path("live/b.txt"), "hello\n");
    write_config("echo row");
    const Outcome made = with_config({"backup"});
    ASSERT_EQ(made.code, 0) << made.talk;
  }
  void TearDown() override { EXPECT_TRUE(fs::is_empty(folder_ / "scratch")); }

  void write_config(const std::string& command) {
    test::write_file(path("lifeboat.yaml"),
                     format("host: vps-h1\n"
                            "store: {{dir: store}}\n"
                            "encryption: {{recipients: [{}]}}\n"
                            "services:\n"
                            "  files: {{recipe: volume, path: live}}\n"
                            "  dump: {{recipe: command, command: [bash, -c, '{}']}}\n"
                            "jobs: {{nightly: {{schedule: manual, services: [files, dump]}}}}\n"
                            "drill: {{identity: key.txt, scratch: scratch}}\n"
                            "spool_dir: .\n"
                            "state_dir: state\n",
                            recipient(), command));
  }
};

TEST_F(DiffCommand, NothingChanged) {
  const Outcome outcome = with_config({"diff", "latest"});
  EXPECT_EQ(outcome.code, 0) << outcome.talk;
  EXPECT_EQ(outcome.out,
            "vps-h1/2026-05-07 -> live\n"
            "files (volume): 2 the same\n"
            "dump (command): 1 the same\n");
}

TEST_F(DiffCommand, WhatChangedIsAnAnswerAndNoFailure) {
  test::write_file(path("live/a.txt"), "other\n");
  test::write_file(path("live/c.txt"), "new\n");
  fs::remove(folder_ / "live/b.txt");
  const Outcome outcome = with_config({"diff", "latest", "files"});
  EXPECT_EQ(outcome.code, 1) << outcome.talk;
  EXPECT_EQ(outcome.out,
            "vps-h1/2026-05-07 -> live\n"
            "files (volume): file: 1 added, 1 changed, 1 gone; 0 the same\n"
            "  ~ file 'a.txt' changed\n"
            "  - file 'b.txt' gone: vps-h1/2026-05-07 has it, live has not\n"
            "  + file 'c.txt' added: live has it, vps-h1/2026-05-07 has not\n");
  const Outcome json = with_config({"diff", "latest", "--json"});
  EXPECT_EQ(json.code, 1);
  const Json value = Json::parse(json.out);
  EXPECT_EQ(value["differs"], true);
  EXPECT_EQ(value["services"][0]["entries"][0]["name"], "a.txt");
  EXPECT_EQ(value["services"][0]["entries"][1]["change"], "gone");
  EXPECT_THAT(json.out, Not(HasSubstr("fingerprint")));
  EXPECT_EQ(value["services"][1]["same"], 1);
}

TEST_F(DiffCommand, WhatCannotBeReadIsTold) {
  write_config("echo broken >&2; exit 3");
  const Outcome outcome = with_config({"diff", "latest"});
  EXPECT_EQ(outcome.code, 8);
  EXPECT_THAT(outcome.out, HasSubstr("dump (command): not compared: "));
  EXPECT_THAT(outcome.out, HasSubstr("broken"));
  EXPECT_EQ(with_config({"diff", "latest", "dump"}).code, 4);
}

TEST_F(DiffCommand, TwoSnapshotsOnABareMachine) {
  clock_.advance(std::chrono::hours(24));
  test::write_file(path("live/a.txt"), "other\n");
  ASSERT_EQ(with_config({"backup"}).code, 0);
  const std::vector<std::string> bare{"--store",    "dir:" + path("store"),
                                      "--identity", path("key.txt"),
                                      "--scratch",  path("scratch")};
  const auto run_bare = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.end(), bare.begin(), bare.end());
    return run(arguments);
  };
  const Outcome outcome = run_bare({"diff", "2026-05-07", "2026-05-08"});
  EXPECT_EQ(outcome.code, 1) << outcome.talk;
  EXPECT_THAT(outcome.out, StartsWith("vps-h1/2026-05-07 -> vps-h1/2026-05-08\n"));
  EXPECT_THAT(outcome.out, HasSubstr("  ~ file 'a.txt' changed\n"));
  EXPECT_EQ(run_bare({"diff", "vps-h1/2026-05-07", "latest", "dump"}).code, 0);
  EXPECT_EQ(run_bare({"diff", "latest", "2026-05-08"}).code, 0);
  EXPECT_EQ(run_bare({"diff", "latest", "2026-05-08", "nope"}).code, 2);
}

TEST_F(DiffCommand, UnknownWordsAreMistakes) {
  const Outcome outcome = with_config({"diff", "latest", "filez"});
  EXPECT_EQ(outcome.code, 2);
  EXPECT_THAT(outcome.talk, HasSubstr("Did you mean 'files'?"));
  EXPECT_EQ(with_config({"diff", "latest", "2020-01-01"}).code, 5);
}

TEST_F(DiffCommand, ReplacingWantsTheNameTwice) {
  const auto talk_of = [&](std::vector<std::string> arguments) {
    const Outcome outcome = with_config(std::move(arguments));
    EXPECT_EQ(outcome.code, 2) << outcome.talk;
    return outcome.talk;
  };
  EXPECT_THAT(talk_of({"restore", "latest"}), HasSubstr("--to is required"));
  EXPECT_THAT(talk_of({"restore", "latest", "--yes-replace", "files"}),
              HasSubstr("lifeboat restore latest files --yes-replace files"));
  EXPECT_THAT(talk_of({"restore", "latest", "files", "--yes-replace", "dump"}),
              HasSubstr("that is not 'files'"));
  EXPECT_THAT(talk_of({"restore", "latest", "files/a.txt", "--yes-replace", "files/a.txt"}),
              HasSubstr("has none of that name"));
  EXPECT_THAT(talk_of({"restore", "latest", "files", "dump", "--yes-replace", "files"}),
              HasSubstr("one service at a time"));
  EXPECT_THAT(
      talk_of({"restore", "latest", "files", "--yes-replace", "files", "--to", path("new")}),
      HasSubstr("does not go with --to"));
  EXPECT_THAT(talk_of({"restore", "latest", "files", "--yes-replace", "files", "--include-failed"}),
              HasSubstr("--include-failed"));
  EXPECT_THAT(talk_of({"restore", "latest", "other", "--yes-replace", "other"}),
              HasSubstr("has none of that name"));
  EXPECT_EQ(test::slurp(path("live/a.txt")), "hello\n");
}

TEST_F(DiffCommand, ReplacingTellsWhatWillChangeFirst) {
  write_config("echo other");
  const Outcome outcome = with_config({"restore", "latest", "dump", "--yes-replace", "dump"});
  EXPECT_EQ(outcome.code, 2);  // `command` cannot replace anything
  EXPECT_THAT(outcome.talk, HasSubstr("dump (command): file: 1 changed; 0 the same\n"));
  EXPECT_THAT(outcome.talk, HasSubstr("the recipe 'command' cannot"));
}

}  // namespace
}  // namespace lifeboat::cli
