#include "docker/quiesce.h"

#include <gmock/gmock.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/format.h"
#include "docker/scripted_engine_test_kit.h"
#include "support/doubles.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using test::json_reply;
using testing::ElementsAre;
using testing::HasSubstr;

class QuiesceTest : public testing::Test {
 protected:
  void seen_as(const std::string& state, const std::string& more = "") {
    engine.on(
        "GET /containers/c1/json",
        json_reply(200, format(R"({{"Id": "c1", "Name": "/db", "State": {{"Status": "{}"}}{}}})",
                               state, more)));
  }
  void allow(const std::string& verb) {
    engine.on("POST /containers/c1/" + verb, json_reply(204, ""));
  }
  // The verbs that came, "stop?t=30 start ".
  std::string acts() const {
    std::string found;
    for (const std::string& request : engine.requests()) {
      if (request.starts_with("POST")) found += request.substr(request.rfind('/') + 1) + " ";
    }
    return found;
  }
  size_t notes() const {
    if (!fs::exists(state_dir)) return 0;
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(state_dir), fs::directory_iterator()));
  }
  // A note as a run leaves it that gets no time to undo anything.
  void leave_note(const std::string& mode, const std::string& process, Timestamp settles_by = {}) {
    fs::create_directories(state_dir);
    test::write_file(
        state_dir / "quiesced-0.json",
        format(R"({{"container": "c1", "name": "db", "mode": "{}", "process": "{}",
                    "settles_by": {}, "grace_seconds": 30}})",
               mode, process,
               std::chrono::floor<std::chrono::seconds>(settles_by).time_since_epoch().count()));
  }

  test::ScriptedEngine engine;
  test::ManualClock clock;
  test::SeededRandom random;
  test::TempFolder folder;
  fs::path state_dir = folder / "state";
  StopSource stop_source;
  Docker docker{{.socket = engine.socket_path(), .stop = stop_source.token()}, clock};
};

TEST_F(QuiesceTest, StopsAndStarts) {
  seen_as("running");
  seen_as("exited");
  allow("stop?t=30");
  allow("start");
  {
    const Quiesce quiesce(docker, "c1", QuiesceMode::stop, state_dir, random, clock);
    EXPECT_EQ(acts(), "stop?t=30 ");
    EXPECT_EQ(notes(), 1u);
    EXPECT_THAT(repair_quiesced(docker, state_dir, clock, stop_source.token()), ElementsAre())
        << "this run lives";
    EXPECT_THAT(
        test::slurp(fs::directory_iterator(state_dir)->path()),
        HasSubstr(format(
            "\"settles_by\": {}",
            std::chrono::floor<std::chrono::seconds>(clock.now()).time_since_epoch().count() +
                45)));
  }
  EXPECT_EQ(acts(), "stop?t=30 start ");
  EXPECT_EQ(notes(), 0u);
}

TEST_F(QuiesceTest, PausesAndUnpausesOnce) {
  seen_as("running");
  seen_as("paused");
  allow("pause");
  allow("unpause");
  {
    Quiesce quiesce(docker, "c1", QuiesceMode::pause, state_dir, random, clock);
    quiesce.end();
    EXPECT_EQ(acts(), "pause unpause ");
    quiesce.end();
  }
  EXPECT_EQ(acts(), "pause unpause ");
  EXPECT_EQ(notes(), 0u);
}

TEST_F(QuiesceTest, APauseWhoseAnswerGotLostIsOne) {
  seen_as("running");
  seen_as("paused");
  engine.on("POST /containers/c1/pause", json_reply(409, R"({"message": "it is paused already"})"));
  allow("unpause");
  { const Quiesce quiesce(docker, "c1", QuiesceMode::pause, state_dir, random, clock); }
  EXPECT_EQ(acts(), "pause unpause ");
  EXPECT_EQ(notes(), 0u);
}

TEST_F(QuiesceTest, IsUndoneThoughTheRunIsInterrupted) {
  seen_as("running");
  seen_as("exited");
  allow("stop?t=30");
  allow("start");
  {
    const Quiesce quiesce(docker, "c1", QuiesceMode::stop, state_dir, random, clock);
    stop_source.request_stop();
  }
  EXPECT_EQ(acts(), "stop?t=30 start ");
}

TEST_F(QuiesceTest, LeavesAloneWhatDoesNotRun) {
  for (const std::string state : {"exited", "paused", "created", "restarting"}) {
    test::ScriptedEngine other;
    other.on("GET /containers/c1/json",
             json_reply(200, R"({"Id": "c1", "State": {"Status": ")" + state + "\"}}"));
    Docker its(other.options(), clock);
    { const Quiesce quiesce(its, "c1", QuiesceMode::stop, state_dir, random, clock); }
    EXPECT_EQ(other.requests().size(), 2u) << state;
  }
  EXPECT_EQ(notes(), 0u);
}

TEST_F(QuiesceTest, HonoursALongerGraceAndRefusesToStopWhatWouldBeGone) {
  seen_as("running", R"(, "Config": {"StopTimeout": 90})");
  seen_as("exited");
  allow("stop?t=90");
  allow("start");
  { const Quiesce quiesce(docker, "c1", QuiesceMode::stop, state_dir, random, clock); }
  EXPECT_EQ(acts(), "stop?t=90 start ");
  test::ScriptedEngine other;
  other.on("GET /containers/c1/json", json_reply(200, R"({"Id": "c1", "Name": "/db",
    "State": {"Status": "running"}, "HostConfig": {"AutoRemove": true}})"));
  Docker its(other.options(), clock);
  EXPECT_THAT(error_text([&] { Quiesce(its, "c1", QuiesceMode::stop, state_dir, random, clock); }),
              HasSubstr("made with --rm"));
}

TEST_F(QuiesceTest, AFailedStopIsUndoneAndItsNoteKept) {
  seen_as("running");
  seen_as("exited");  // the engine failed after the effect
  engine.on("POST /containers/c1/stop?t=30", json_reply(500, R"({"message": "oops"})"));
  allow("start");
  EXPECT_THAT(
      error_text([&] { Quiesce(docker, "c1", QuiesceMode::stop, state_dir, random, clock); }),
      HasSubstr("oops"));
  EXPECT_EQ(acts(), "stop?t=30 start ");
  EXPECT_EQ(notes(), 1u);
}

TEST_F(QuiesceTest, OneFailureIsTriedAgainAndKeepsNothingDown) {
  seen_as("running");
  seen_as("exited");
  allow("stop?t=30");
  engine.on("POST /containers/c1/start", json_reply(500, R"({"message": "oops"})"));
  allow("start");
  { const Quiesce quiesce(docker, "c1", QuiesceMode::stop, state_dir, random, clock); }
  EXPECT_EQ(acts(), "stop?t=30 start start ");
  EXPECT_EQ(notes(), 0u);
}

TEST_F(QuiesceTest, WhatCannotBeUndoneIsToldAndItsNoteKept) {
  seen_as("running");
  seen_as("exited");
  allow("stop?t=30");
  engine.on("POST /containers/c1/start", json_reply(500, R"({"message": "no space"})"));
  Quiesce quiesce(docker, "c1", QuiesceMode::stop, state_dir, random, clock);
  EXPECT_THAT(error_text([&] { quiesce.end(); }),
              HasSubstr("let container 'db' run again: start container 'c1': the engine says: no "
                        "space"));
  EXPECT_EQ(notes(), 1u);
}

TEST_F(QuiesceTest, ANoteOfADeadRunIsCarriedOut) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  leave_note("stop", format("{} 1 boot", child));
  seen_as("exited");
  allow("start");
  EXPECT_THAT(repair_quiesced(docker, state_dir, clock, stop_source.token()),
              ElementsAre(HasSubstr("'db' runs again")));
  EXPECT_EQ(acts(), "start ");
  EXPECT_EQ(notes(), 0u);
}

TEST_F(QuiesceTest, ANumberThatAnotherProcessHasNowIsADeadRun) {
  leave_note("pause", format("{} 1 boot", ::getpid()));
  seen_as("paused");
  allow("unpause");
  EXPECT_THAT(repair_quiesced(docker, state_dir, clock, stop_source.token()),
              ElementsAre(HasSubstr("left it paused")));
}

// The run was killed while the engine waited for the container's end: it runs, but not for long.
TEST_F(QuiesceTest, AContainerOnItsWayDownIsWaitedForAndStarted) {
  const auto begin = clock.now();
  leave_note("stop", "1 1 boot", begin + std::chrono::seconds(40));
  for (int look = 0; look < 3; ++look) seen_as("running");
  seen_as("stopping");  // as Podman says it
  seen_as("exited");
  allow("start");
  EXPECT_THAT(repair_quiesced(docker, state_dir, clock, stop_source.token()),
              ElementsAre(HasSubstr("'db' runs again")));
  EXPECT_EQ(acts(), "start ");
  EXPECT_EQ(clock.now() - begin, 4 * std::chrono::milliseconds(250));
  EXPECT_EQ(notes(), 0u);
}

TEST_F(QuiesceTest, OneThatWasNotStoppedIsWaitedForNoLongerThanItsGrace) {
  const auto begin = clock.now();
  leave_note("stop", "1 1 boot", begin + std::chrono::hours(1));  // the clock was set back
  seen_as("running");
  EXPECT_THAT(repair_quiesced(docker, state_dir, clock, stop_source.token()), ElementsAre());
  EXPECT_EQ(clock.now() - begin, std::chrono::seconds(45));
  EXPECT_EQ(notes(), 0u);
}

TEST_F(QuiesceTest, ItsNoteStaysIfTheWaitIsInterrupted) {
  leave_note("stop", "1 1 boot", clock.now() + std::chrono::seconds(40));
  seen_as("running");
  stop_source.request_stop();
  EXPECT_THROW(repair_quiesced(docker, state_dir, clock, stop_source.token()), Interrupted);
  EXPECT_EQ(notes(), 1u);
}

TEST_F(QuiesceTest, WhatRunsAlreadyOrIsGoneNeedsNoRepair) {
  leave_note("stop", "1 1 boot");
  seen_as("running");
  EXPECT_THAT(repair_quiesced(docker, state_dir, clock, stop_source.token()), ElementsAre());
  EXPECT_EQ(notes(), 0u);
  leave_note("stop", "1 1 boot");
  test::ScriptedEngine empty;
  Docker its(empty.options(), clock);
  EXPECT_THAT(repair_quiesced(its, state_dir, clock), ElementsAre(HasSubstr("is gone")));
  EXPECT_EQ(notes(), 0u);
}

TEST_F(QuiesceTest, ABadNoteDoesNotKeepTheOthersDown) {
  leave_note("stop", "1 1 boot");
  test::write_file(state_dir / "quiesced-a.json", "{");
  test::write_file(state_dir / "other.txt", "");
  seen_as("exited");
  allow("start");
  EXPECT_THAT(repair_quiesced(docker, state_dir, clock, stop_source.token()),
              ElementsAre(HasSubstr("runs again"), HasSubstr("quiesced-a.json")));
  EXPECT_EQ(notes(), 2u);
  EXPECT_THAT(repair_quiesced(docker, folder / "none", clock), ElementsAre());
}

}  // namespace
}  // namespace lifeboat
