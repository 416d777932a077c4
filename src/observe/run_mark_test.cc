#include "observe/run_mark.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/format.h"
#include "observe/forked_process_test_kit.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

class RunMarkTest : public testing::Test {
 protected:
  const RunName nightly_{"vps-h1", "backup", "nightly"};
  const Timestamp start_ = parse_time("2026-05-07T02:00:00Z");

  // A run that was killed in `phase`; its process id.
  pid_t killed_run(const RunName& name, Timestamp start, std::string_view phase) {
    ForkedProcess run([&] {
      RunMark* mark = new RunMark(directory_, name, start, random_);  // never destroyed
      if (!phase.empty()) mark->phase(phase);
    });
    const pid_t pid = run.pid();
    EXPECT_TRUE(killed_runs(directory_, name.host).size() == known_killed_);  // it lives
    run.kill();
    ++known_killed_;
    return pid;
  }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(directory_)) {
      found.push_back(entry.path().filename());
    }
    return found;
  }

  TempFolder folder_;
  std::filesystem::path directory_ = folder_ / "state";
  SystemRandom random_;
  size_t known_killed_ = 0;
};

TEST_F(RunMarkTest, IsThereWhileTheRunLivesAndNoLonger) {
  EXPECT_TRUE(killed_runs(directory_, "vps-h1").empty());  // not even a folder
  {
    RunMark mark(directory_, nightly_, start_, random_);
    mark.phase("n8n/database.sqlite");
    const std::string name = format("vps-h1.backup.nightly.20260507T020000Z-{}.run", ::getpid());
    EXPECT_THAT(names(), testing::ElementsAre(name));
    struct stat status {};
    ASSERT_EQ(::stat((directory_ / name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);
    EXPECT_TRUE(killed_runs(directory_, "vps-h1").empty());
  }
  EXPECT_TRUE(names().empty());
}

TEST_F(RunMarkTest, AKilledRunIsFoundAndTellsItsPhase) {
  const pid_t pid = killed_run(nightly_, start_, "n8n/database.sqlite");
  const std::vector<KilledRun> killed = killed_runs(directory_, "vps-h1");
  ASSERT_EQ(killed.size(), 1u);
  EXPECT_EQ(killed[0].name.host, "vps-h1");
  EXPECT_EQ(killed[0].name.activity, "backup");
  EXPECT_EQ(killed[0].name.job, "nightly");
  EXPECT_EQ(killed[0].started, start_);
  EXPECT_EQ(killed[0].pid, pid);
  EXPECT_EQ(killed[0].phase, "n8n/database.sqlite");
  forget_killed(killed[0]);
  forget_killed(killed[0]);  // another may have been quicker
  EXPECT_TRUE(killed_runs(directory_, "vps-h1").empty());
}

TEST_F(RunMarkTest, AreInTheOrderOfTheirStartsAndOfOneHost) {
  killed_run({"vps-h1", "verify", ""}, parse_time("2026-05-07T05:00:00Z"), "");
  killed_run(nightly_, start_, "");
  known_killed_ = 0;
  killed_run({"vps-h", "drill", "nightly"}, start_, "");
  const std::vector<KilledRun> killed = killed_runs(directory_, "vps-h1");
  ASSERT_EQ(killed.size(), 2u);
  EXPECT_EQ(killed[0].name.activity, "backup");
  EXPECT_EQ(killed[0].phase, "");
  EXPECT_EQ(killed[1].name.activity, "verify");
  EXPECT_EQ(killed[1].name.job, "");
  EXPECT_THAT(killed[1].mark.filename().native(), HasSubstr("vps-h1.verify.20260507T050000Z-"));
}

TEST_F(RunMarkTest, AShorterPhaseHidesALongerOne) {
  RunMark* mark = nullptr;
  ForkedProcess run([&] {
    mark = new RunMark(directory_, nightly_, start_, random_);
    mark->phase("a phase with a long name");
    mark->phase("short\nand \x1b[31mred");
  });
  run.kill();
  EXPECT_EQ(killed_runs(directory_, "vps-h1").at(0).phase, "short\\x0aand \\x1b[31mred");
}

TEST_F(RunMarkTest, ALongPhaseIsCut) {
  killed_run(nightly_, start_, std::string(100'000, 'x'));
  EXPECT_EQ(killed_runs(directory_, "vps-h1").at(0).phase, std::string(300, 'x'));
}

// Whatever part of a phase reached the file, the mark is found and knows its run.
TEST_F(RunMarkTest, ATornPhaseLeavesTheMarkReadable) {
  killed_run(nightly_, start_, "finish the archive");
  const auto path = killed_runs(directory_, "vps-h1").at(0).mark;
  const std::string whole = slurp(path);
  const size_t phase = whole.find("phase: ") + 7;
  for (size_t size = phase; size < whole.size(); ++size) {
    write_file(path, whole.substr(0, size));
    const KilledRun run = killed_runs(directory_, "vps-h1").at(0);
    EXPECT_EQ(run.name.job, "nightly");
    EXPECT_EQ(run.phase, whole.substr(phase, size - phase));
  }
}

TEST_F(RunMarkTest, ARunKilledWhileItTellsItsPhaseIsKnown) {
  const std::string long_phase(300, 'l');
  for (int round = 0; round < 40; ++round) {
    const pid_t run = ::fork();
    if (run == 0) {
      RunMark mark(directory_, nightly_, start_, random_);
      for (;;) {
        mark.phase("short");
        mark.phase(long_phase);
      }
    }
    const auto path = directory_ / format("vps-h1.backup.nightly.20260507T020000Z-{}.run", run);
    const auto is_there = [&] { return std::filesystem::exists(path); };
    while (!is_there()) ASSERT_EQ(::waitpid(run, nullptr, WNOHANG), 0);
    for (int i = 0; i < 10 * round; ++i) EXPECT_TRUE(is_there());
    ::kill(run, SIGKILL);
    ::waitpid(run, nullptr, 0);
    const std::vector<KilledRun> killed = killed_runs(directory_, "vps-h1");
    ASSERT_EQ(killed.size(), 1u);
    EXPECT_EQ(killed[0].name.job, "nightly");
    EXPECT_EQ(killed[0].pid, run);
    EXPECT_TRUE(killed[0].phase.empty() || killed[0].phase == "short" ||
                killed[0].phase == long_phase)
        << killed[0].phase;
    forget_killed(killed[0]);
  }
}

TEST_F(RunMarkTest, WhatIsNoMarkCountsToo) {
  std::filesystem::create_directories(directory_);
  const auto path = directory_ / "vps-h1.backup.nightly.20260507T020000Z-1.run";
  for (const std::string& text :
       {std::string(), std::string("lifeboat run 1\nhost: vps-h1\n"), std::string("\0\xff", 2),
        std::string(10'000, 'x'),
        std::string("lifeboat run 1\nhost: a\nactivity: b\njob: \nstarted: now\npid: 1\n")}) {
    write_file(path, text);
    const std::vector<KilledRun> killed = killed_runs(directory_, "vps-h1");
    ASSERT_EQ(killed.size(), 1u) << text;
    EXPECT_EQ(killed[0].name.activity, "");
    EXPECT_EQ(killed[0].mark, path);
  }
  std::filesystem::remove(path);
  // Not made by us, whatever its name is.
  std::filesystem::create_directory(directory_ / "vps-h1.folder.run");
  std::filesystem::create_symlink("nowhere", directory_ / "vps-h1.link.run");
  EXPECT_TRUE(killed_runs(directory_, "vps-h1").empty());
}

TEST_F(RunMarkTest, AChildDoesNotHoldItOn) {
  ForkedProcess run([&] {
    new RunMark(directory_, nightly_, start_, random_);
    // A program that outlives the run that started it.
    shell_ok("sleep 30 > /dev/null 2>&1 & echo $! > '" + (folder_ / "pid").native() + "'");
  });
  run.kill();
  EXPECT_EQ(killed_runs(directory_, "vps-h1").size(), 1u);
  shell_ok("kill $(cat '" + (folder_ / "pid").native() + "')");
}

// At no moment of its life a run that ends well looks killed.
TEST_F(RunMarkTest, RunsThatComeAndGoNeverLookKilled) {
  const pid_t runs = ::fork();
  if (runs == 0) {
    for (int second = 0; second < 200; ++second) {
      RunMark mark(directory_, nightly_, start_ + std::chrono::seconds(second), random_);
      mark.phase("at work");
    }
    ::_exit(0);
  }
  int status = -1;
  while (::waitpid(runs, &status, WNOHANG) == 0) {
    EXPECT_TRUE(killed_runs(directory_, "vps-h1").empty());
  }
  EXPECT_EQ(status, 0);
}

TEST_F(RunMarkTest, WhoLooksAtOnceWithAnotherSeesItToo) {
  killed_run(nightly_, start_, "");
  const auto path = killed_runs(directory_, "vps-h1").at(0).mark;
  shell_ok(format("flock -s -n '{}' true", path.native()));
  ForkedProcess looker([&] {
    const int fd = ::open(path.c_str(), O_RDONLY);
    EXPECT_EQ(::flock(fd, LOCK_SH | LOCK_NB), 0);
  });
  EXPECT_EQ(killed_runs(directory_, "vps-h1").size(), 1u);
}

TEST_F(RunMarkTest, AFolderThatCannotBeUsedIsAnError) {
  write_file(folder_ / "plain", "");
  EXPECT_THAT(error_text([&] { killed_runs(folder_ / "plain", "vps-h1"); }), HasSubstr("list"));
  EXPECT_THAT(error_text([&] { RunMark(folder_ / "plain", nightly_, start_, random_); }),
              HasSubstr("create folder"));
}

}  // namespace
}  // namespace lifeboat::test
