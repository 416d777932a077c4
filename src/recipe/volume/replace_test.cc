#include "recipe/volume/replace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/format.h"
#include "docker/scripted_engine_test_kit.h"
#include "recipe/volume/copy.h"
#include "recipe/volume/replace_note.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using test::json_reply;
using test::shell_ok;
using test::slurp;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;

// Paths, kinds, modes, owners, links, times and content of a tree, but for the folder's own time.
std::string state_of(const fs::path& folder) {
  return shell_ok(
      format("cd '{}' && find . -mindepth 1 -printf '%P %y %m %U:%G %l %n %T@\\n' | "
             "sort && find . -type f -print0 | sort -z | xargs -0r sha256sum",
             folder.native()));
}

constexpr const char* what_is_there =
    "find . -printf '%P %y %m %i\\n' | sort && find . -type f -print0 | sort -z | xargs -0 cat";

class ReplaceTest : public testing::Test {
 protected:
  ReplaceTest() {
    write_file(live / "app.db", "old database");
    write_file(live / "app.db-wal", "old log");
    write_file(live / "only-live/x", "old");
    write_file(live / "shared/deep/a", "old a");
    write_file(live / "acme.json", "old acme");
    write_file(restored / "app.db", "new database");
    write_file(restored / "shared/deep/b", "new b");
    write_file(restored / "acme.json", "new acme");
    write_file(restored / "only-new", "new");
    fs::create_symlink("app.db", restored / "link");
    fs::create_hard_link(restored / "only-new", restored / "shared/hard");
    shell_ok(
        format("cd '{}' && chmod 0600 acme.json && chmod 2750 shared && touch -d 2020-01-02 "
               "shared/deep && setfattr -n user.kind -v x only-new && "
               "truncate -s 3000000 sparse && printf end >> sparse",
               restored.native()));
    fs::permissions(live / "acme.json", fs::perms(0644));
  }
  FolderChange change() const {
    FolderChange made = whole_folder(live, restored);
    made.in_place = {"acme.json"};
    return made;
  }
  ReplaceReport replace(const ReplaceWatch& watch = {}) {
    return replace_folders(service, {change()}, context, watch);
  }
  fs::path kept() const { return folder / "live.before-20260507-020000"; }

  test::TempFolder folder;
  fs::path live = folder / "live";
  fs::path restored = folder / "restored";
  test::ManualClock clock;
  test::SeededRandom random;
  RecipeContext context{clock,         random,           {},
                        folder.path(), folder / "state", folder / "no-engine.sock"};
  Service service{"web", "volume", {}};
};

TEST_F(ReplaceTest, PutsWhatWasRestoredAndKeepsWhatWasThere) {
  const std::string before = state_of(live);
  struct stat folder_before {};
  struct stat acme_before {};
  ::stat(live.c_str(), &folder_before);
  ::stat((live / "acme.json").c_str(), &acme_before);
  const ReplaceReport report = replace();
  shell_ok(format("cd '{}' && touch -r '{}' acme.json", live.native(),
                  (restored / "acme.json").native()));  // written into, not renamed over
  EXPECT_EQ(state_of(live), state_of(restored));
  struct stat status {};
  ::stat(live.c_str(), &status);
  EXPECT_EQ(status.st_ino, folder_before.st_ino) << "a container has the folder mounted";
  ::stat((live / "acme.json").c_str(), &status);
  EXPECT_EQ(status.st_ino, acme_before.st_ino) << "a container has the file mounted";
  EXPECT_EQ(shell_ok(format("getfattr --absolute-names --only-values -n user.kind '{}'",
                            (live / "only-new").native())),
            "x");
  ::stat((live / "sparse").c_str(), &status);
  EXPECT_LT(status.st_blocks * 512, 1'000'000) << "holes stay holes";
  EXPECT_EQ(state_of(kept()), before);
  EXPECT_THAT(report.kept, ElementsAre(kept().native()));
  EXPECT_FALSE(fs::exists(folder / "live.new-20260507-020000"));
  EXPECT_THAT(report.done, testing::Contains(HasSubstr("found no container")));
}

TEST_F(ReplaceTest, TwoInOneSecondKeepBoth) {
  replace();
  write_file(live / "only-live/x", "newer");
  EXPECT_THAT(replace().kept, testing::ElementsAre(kept().native() + "-2"));
  EXPECT_EQ(slurp(kept() / "only-live/x"), "old");
  EXPECT_EQ(slurp(kept().native() + "-2/only-live/x"), "newer");
}

TEST_F(ReplaceTest, AFailureInAnyStepLeavesAllAsItWas) {
  // But for the times of files that are written into.
  const std::string before = shell_ok("cd '" + live.native() + "' && " + what_is_there);
  size_t failing = 0;
  for (bool has_failed = true; has_failed; ++failing) {
    ASSERT_LT(failing, 100u);
    size_t step = 0;
    has_failed = false;
    try {
      replace([&](std::string_view) {
        if (step++ == failing) throw Error(ErrorKind::service, "the disk broke");
      });
    } catch (const Error&) {
      has_failed = true;
      EXPECT_EQ(shell_ok("cd '" + live.native() + "' && " + what_is_there), before) << failing;
      EXPECT_EQ(shell_ok(format("ls '{}'", folder.path().native())), "live\nrestored\nstate\n");
      EXPECT_TRUE(fs::is_empty(context.state_dir));
    }
  }
  EXPECT_GT(failing, 15u) << "steps";
  EXPECT_EQ(slurp(live / "app.db"), "new database");
}

// As by SIGKILL: no destructor runs. False once there is no such step.
bool killed_before(size_t step, const std::function<void(const ReplaceWatch&)>& replace) {
  const pid_t child = ::fork();
  if (child == 0) {
    size_t at = 0;
    replace([&](std::string_view) {
      if (at++ == step) ::_exit(9);
    });
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status) == 9;
}

TEST_F(ReplaceTest, AfterAKillTheNextRunPutsAllBackOrFindsItThere) {
  const std::string before = shell_ok("cd '" + live.native() + "' && " + what_is_there);
  for (size_t step = 0;; ++step) {
    ASSERT_TRUE(killed_before(step, [&](const ReplaceWatch& watch) { replace(watch); })) << step;
    const auto told = undo_killed_replacements(context.state_dir);
    ASSERT_EQ(told.size(), 1u) << step;
    EXPECT_TRUE(fs::is_empty(context.state_dir));
    if (told.front().find("all restored files") != std::string::npos) {
      EXPECT_GT(step, 15u) << "steps";
      EXPECT_THAT(told.front(), HasSubstr(kept().native()));
      break;
    }
    EXPECT_THAT(told.front(), HasSubstr("old files are in their place"));
    EXPECT_EQ(shell_ok("cd '" + live.native() + "' && " + what_is_there), before) << step;
    EXPECT_EQ(shell_ok(format("ls '{}'", folder.path().native())), "live\nrestored\nstate\n");
  }
  EXPECT_EQ(slurp(live / "app.db"), "new database");
  EXPECT_EQ(slurp(live / "acme.json"), "new acme");
  EXPECT_EQ(slurp(kept() / "app.db-wal"), "old log");
  EXPECT_EQ(shell_ok(format("ls '{}'", folder.path().native())),
            "live\nlive.before-20260507-020000\nrestored\nstate\n");
}

// Whatever is killed: never is there a database with the log of another one beside it.
TEST_F(ReplaceTest, ADatabaseComesOnlyOnceTheOldLogIsGone) {
  FolderChange made{.live = live};
  put_database(made, "app.db", restored / "app.db");
  replace_folders(service, {made}, context, [&](std::string_view) {
    const bool has_log = fs::exists(live / "app.db-wal");
    const bool is_new = fs::exists(live / "app.db") && slurp(live / "app.db") == "new database";
    EXPECT_FALSE(has_log && is_new);
  });
}

TEST_F(ReplaceTest, WhatHasComeInThePlaceOfAnOldFileStays) {
  size_t step = 0;
  while (killed_before(step, [&](const ReplaceWatch& watch) { replace(watch); }) &&
         !fs::exists(kept() / "only-live")) {
    undo_killed_replacements(context.state_dir);
    ++step;
  }
  write_file(live / "only-live", "made by a service that was started meanwhile");
  EXPECT_THAT(undo_killed_replacements(context.state_dir),
              ElementsAre(HasSubstr("something else has come there")));
  EXPECT_EQ(slurp(live / "only-live"), "made by a service that was started meanwhile");
  EXPECT_EQ(slurp(kept() / "only-live/x"), "old");
  fs::remove(live / "only-live");
  EXPECT_THAT(undo_killed_replacements(context.state_dir),
              ElementsAre(HasSubstr("old files are in their place")));
  EXPECT_EQ(slurp(live / "only-live/x"), "old");
}

TEST_F(ReplaceTest, TheNoteOfALivingRunIsLeftAlone) {
  replace([&](std::string_view) {
    // flock(2) is of the open file: another process sees what another descriptor does.
    EXPECT_TRUE(undo_killed_replacements(context.state_dir).empty());
  });
  EXPECT_EQ(slurp(live / "app.db"), "new database");
}

TEST_F(ReplaceTest, ThreeNamesOfADatabaseGoAndOneComes) {
  FolderChange made{.live = live};
  put_database(made, "app.db", restored / "app.db");
  replace_folders(service, {made}, context);
  EXPECT_EQ(slurp(live / "app.db"), "new database");
  EXPECT_FALSE(fs::exists(live / "app.db-wal"));
  EXPECT_EQ(slurp(kept() / "app.db-wal"), "old log");
  EXPECT_TRUE(fs::exists(live / "only-live/x")) << "what was not named stays";
}

TEST_F(ReplaceTest, ModesAreSetBeforeAnythingLiveIsTouched) {
  FolderChange made = change();
  made.prepare = [&](const fs::path& staged) {
    EXPECT_EQ(slurp(live / "app.db"), "old database");
    fs::permissions(staged / "app.db", fs::perms(0400));
  };
  replace_folders(service, {made}, context);
  EXPECT_EQ(fs::status(live / "app.db").permissions(), fs::perms(0400));
}

TEST_F(ReplaceTest, AnEmptyFolderKeepsNothing) {
  fs::remove_all(live);
  fs::create_directory(live);
  const ReplaceReport report = replace();
  EXPECT_TRUE(report.kept.empty());
  EXPECT_FALSE(fs::exists(kept()));
}

// With a container that stops, and starts as told.
class ReplaceStopped : public ReplaceTest {
 protected:
  void container(int start_status) {
    engine.on("GET /containers/json?all=true",
              json_reply(200, format(R"([{{"Id": "c1", "Names": ["/web"], "State": "running",
                "Mounts": [{{"Type": "bind", "Source": "{}", "RW": true}}]}}])",
                                     live.native())));
    for (const char* state : {"running", "running", "exited"}) {
      engine.on("GET /containers/c1/json", json_reply(200, format(R"({{"Id": "c1", "Name": "/web",
                                            "State": {{"Status": "{}"}}}})",
                                                                  state)));
    }
    engine.on("POST /containers/c1/stop?t=30", json_reply(204, ""));
    engine.on("POST /containers/c1/start", json_reply(start_status, R"({"message": "no"})"));
    context.docker_socket = engine.socket_path();
    service.settings.set("path", live.native());
  }
  std::string acts() const {
    std::string found;
    for (const std::string& request : engine.requests()) {
      if (request.starts_with("POST")) found += request.substr(request.rfind('/') + 1) + " ";
    }
    return found;
  }
  test::ScriptedEngine engine;
};

TEST_F(ReplaceStopped, StandsStillOnlyWhileFilesAreMoved) {
  container(204);
  replace([&](std::string_view step) {
    if (step.starts_with("copy ")) {
      EXPECT_EQ(acts(), "");
    } else if (step.starts_with("move away") || step.starts_with("bring")) {
      EXPECT_EQ(acts(), "stop?t=30 ");
    }
  });
  EXPECT_EQ(acts(), "stop?t=30 start ");
}

TEST_F(ReplaceStopped, RunsAgainOnTheOldFilesAfterAFailure) {
  container(204);
  error_text([&] {
    replace([&](std::string_view step) {
      if (step == "bring link") throw Error(ErrorKind::service, "the disk broke");
      if (step == "start the container") ADD_FAILURE();
    });
  });
  EXPECT_EQ(acts(), "stop?t=30 start ");
  EXPECT_EQ(slurp(live / "app.db"), "old database");
}

TEST_F(ReplaceStopped, OneThatDoesNotStartOnTheNewFilesHasTheOldOnesBack) {
  container(500);
  EXPECT_THAT(error_text([&] { replace(); }), HasSubstr("let container 'web' run again"));
  EXPECT_EQ(slurp(live / "app.db"), "old database");
  EXPECT_FALSE(fs::exists(kept()));
}

}  // namespace
}  // namespace lifeboat
