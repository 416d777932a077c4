#include "recipe/waha/quiet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/format.h"
#include "docker/scripted_engine_test_kit.h"
#include "recipe/sqlite/sqlite.h"
#include "recipe/waha/recipe_waha.h"
#include "support/doubles.h"
#include "support/fake_waha.h"
#include "support/folder_recipe_test.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using test::json_reply;
using test::slurp;
using test::write_file;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr const char* stop_main = "POST /api/sessions/main/stop";
constexpr const char* stop_shop = "POST /api/sessions/shop%201/stop";
constexpr const char* start_main = "POST /api/sessions/main/start";
constexpr const char* start_shop = "POST /api/sessions/shop%201/start";

class WahaQuietTest : public test::FolderRecipeTest<test::ManualClock> {
 protected:
  WahaQuietTest() : FolderRecipeTest(make_waha_recipe(), "waha") {
    write_file(folder_ / "live/noweb/main/.waha.session.config.json", R"({"name":"main"})");
    write_file(folder_ / "live/noweb/main/creds.json", R"({"noiseKey":"old"})");
    service_.settings.set("url", waha.url());
    service_.settings.set("api_key", std::make_shared<const Secret>("waha-key"));
    set("quiesce", "api");
  }
  void set(const std::string& option, const std::string& value) {
    service_.settings.set(option, value);
  }
  size_t notes() const {
    if (!fs::exists(folder_ / "state")) return 0;
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder_ / "state"), fs::directory_iterator()));
  }

  test::FakeWaha waha{
      {{"main", "WORKING"}, {"shop 1", "WORKING"}, {"new", "SCAN_QR_CODE"}, {"off", "STOPPED"}},
      "waha-key"};
};

TEST_F(WahaQuietTest, StopsWhatWorksAndStartsExactlyThatAgain) {
  waha.stop_slowly(2);
  {
    const auto plan = recipe_->plan(service_, context_);
    EXPECT_THAT(waha.acts(), IsEmpty()) << "not before the first member is asked for";
    EXPECT_THAT(plan->facts().consistency, HasSubstr("was stopped by the server"));
    plan->next();
    EXPECT_EQ(waha.status("main"), "STOPPED");
    EXPECT_EQ(waha.status("shop 1"), "STOPPED");
    EXPECT_EQ(notes(), 1u);
    while (plan->next()) {
    }
    EXPECT_EQ(waha.status("main"), "WORKING") << "before the plan's end";
    EXPECT_THAT(plan->warnings(), ElementsAre(HasSubstr("the server lists 4 sessions")));
  }
  EXPECT_THAT(waha.acts(), ElementsAre(stop_main, stop_shop, start_main, start_shop));
  EXPECT_EQ(waha.status("new"), "SCAN_QR_CODE");
  EXPECT_EQ(waha.status("off"), "STOPPED");
  EXPECT_EQ(notes(), 0u);
}

TEST_F(WahaQuietTest, StartsAgainWhenTheBackupEndsEarly) {
  { recipe_->plan(service_, context_)->next(); }
  EXPECT_THAT(waha.acts(), ElementsAre(stop_main, stop_shop, start_main, start_shop));
}

TEST_F(WahaQuietTest, StartsAgainThoughTheRunIsInterrupted) {
  StopSource stop;
  context_.stop = stop.token();
  {
    const auto plan = recipe_->plan(service_, context_);
    plan->next();
    stop.request_stop();
    EXPECT_THROW(while (plan->next()){}, Interrupted);
  }
  EXPECT_EQ(waha.status("main"), "WORKING");
  EXPECT_EQ(waha.status("shop 1"), "WORKING");
}

TEST_F(WahaQuietTest, AStopThatFailsUndoesTheOnesBefore) {
  waha.fail(stop_shop, 500);
  EXPECT_THAT(error_text([&] { backup(); }),
              HasSubstr("stop session 'shop 1' of http://127.0.0.1"));
  EXPECT_THAT(waha.acts(), ElementsAre(stop_main, stop_shop, start_main));
  EXPECT_EQ(notes(), 0u);
}

TEST_F(WahaQuietTest, OneThatDoesNotComeToRestFailsAndWorksOn) {
  waha.stop_slowly(1000);
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("it does not come to rest"));
}

TEST_F(WahaQuietTest, AServerThatDoesNotAnswerFailsSinceRestWasAskedFor) {
  waha.fail("GET", 503);
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("the server answers 503"));
  set("url", "");
  service_.settings = {};
  service_.settings.set("path", (folder_ / "live").native());
  set("quiesce", "api");
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("needs the server's address"));
  set("quiesce", "logout");
  EXPECT_THAT(error_text([&] { backup(); }), HasSubstr("'logout' is none of its words"));
  EXPECT_THAT(recipe_->check(service_, context_).back().message, HasSubstr("'logout'"));
}

TEST_F(WahaQuietTest, ASessionThatDoesNotStartIsLoudAndTheNextRunStartsIt) {
  waha.fail(start_main, 500);
  EXPECT_THAT(failed(backup()), IsEmpty());
  EXPECT_THAT(made_.warnings,
              Contains(HasSubstr("NOT ALL SESSIONS WORK AGAIN: start session 'main'")));
  EXPECT_EQ(waha.status("shop 1"), "WORKING") << "one must not keep the others down";
  EXPECT_EQ(notes(), 1u);
  waha.fail(start_main, 0);
  set("quiesce", "no");
  backup();
  EXPECT_EQ(waha.status("main"), "WORKING");
  EXPECT_THAT(made_.warnings, Contains(HasSubstr("2 sessions that a killed run had stopped are")));
  EXPECT_EQ(notes(), 0u);
}

TEST_F(WahaQuietTest, AfterAKillTheNextRunStartsThemAndALivingOneIsLeftAlone) {
  const pid_t child = ::fork();
  if (child == 0) {
    const WahaQuiet quiet(service_, context_, WahaQuiesce::api);
    ::raise(SIGKILL);
  }
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(waha.status("main"), "STOPPED");
  EXPECT_EQ(notes(), 1u);
  Service other{"other", "waha", service_.settings};
  EXPECT_THAT(repair_waha(other, context_), IsEmpty());
  EXPECT_EQ(notes(), 1u);
  EXPECT_THAT(repair_waha(service_, context_), ElementsAre(HasSubstr("2 sessions that a killed")));
  EXPECT_EQ(waha.status("main"), "WORKING");
  EXPECT_EQ(notes(), 0u);
  const WahaQuiet quiet(service_, context_, WahaQuiesce::api);
  EXPECT_THAT(repair_waha(service_, context_), IsEmpty()) << "this run lives";
  EXPECT_EQ(waha.status("main"), "STOPPED");
}

TEST_F(WahaQuietTest, ANoteThatWasNeverFinishedIsCleared) {
  write_file(folder_ / "state/waha-1.json", "{\"serv");
  EXPECT_EQ(repair_waha(service_, context_).size(), 1u);
  EXPECT_EQ(notes(), 0u);
  EXPECT_THAT(waha.acts(), IsEmpty());
}

TEST_F(WahaQuietTest, ItsNoteHoldsNoKey) {
  const WahaQuiet quiet(service_, context_, WahaQuiesce::api);
  for (const auto& note : fs::directory_iterator(folder_ / "state")) {
    EXPECT_THAT(slurp(note.path()), Not(HasSubstr("waha-key")));
    EXPECT_EQ(note.status().permissions(), fs::perms(0600));
  }
}

TEST_F(WahaQuietTest, NothingAtWorkIsNothingToStop) {
  for (const char* name : {"main", "shop 1"}) waha.set_status(name, "FAILED");
  backup();
  EXPECT_THAT(waha.acts(), IsEmpty());
}

TEST_F(WahaQuietTest, AContainerIsStoppedAndItsSessionsComeBackWithIt) {
  test::ScriptedEngine engine;
  engine.on("GET /containers/json?all=true",
            json_reply(200, format(R"([{{"Id": "c1", "Names": ["/waha"], "State": "running",
              "Mounts": [{{"Type": "bind", "Source": "{}", "RW": true}}]}}])",
                                   (folder_ / "live").native())));
  for (const char* state : {"running", "running", "running", "exited"}) {
    engine.on("GET /containers/c1/json", json_reply(200, format(R"({{"Id": "c1", "Name": "/waha",
                                          "State": {{"Status": "{}"}}}})",
                                                                state)));
  }
  engine.on("POST /containers/c1/stop?t=30", json_reply(204, ""));
  engine.on("POST /containers/c1/start", json_reply(204, ""));
  context_.docker_socket = engine.socket_path();
  set("quiesce", "container");
  const auto plan = recipe_->plan(service_, context_);
  EXPECT_EQ(plan->facts().details["container"]["name"], "waha");
  plan->next();
  waha.set_status("main", "STOPPED");  // as it comes back when the server does not start it
  while (plan->next()) {
  }
  EXPECT_THAT(waha.acts(), ElementsAre(start_main)) << "'shop 1' came back by itself";
  EXPECT_THAT(engine.requests(), Contains(HasSubstr("/containers/c1/stop")));
  EXPECT_THAT(engine.requests(), Contains(HasSubstr("/containers/c1/start")));
}

TEST_F(WahaQuietTest, ReplacesTheSessionsWhileTheyRest) {
  set("quiesce", "no");
  const RestoredService restored = backup();
  write_file(folder_ / "live/noweb/main/creds.json", R"({"noiseKey":"new"})");
  write_file(folder_ / "live/noweb/late/creds.json", "{}");
  recipe_->replace(service_, restored, context_);
  EXPECT_EQ(slurp(folder_ / "live/noweb/main/creds.json"), R"({"noiseKey":"old"})");
  EXPECT_FALSE(fs::exists(folder_ / "live/noweb/late"));
  EXPECT_THAT(waha.acts(), ElementsAre(stop_main, stop_shop, start_main, start_shop));
  waha.fail("GET", 503);
  clock_.advance(std::chrono::seconds(1));
  recipe_->replace(service_, restored, context_);
  EXPECT_EQ(waha.acts().size(), 4u) << "a server that is down is no reason not to restore";
}

TEST_F(WahaQuietTest, TheCardNamesWhatWorked) {
  backup();
  const std::string card = recipe_->restore_card(service_, made_.facts);
  EXPECT_THAT(card, HasSubstr(format("'{}/api/sessions/main/start'", waha.url())));
  EXPECT_THAT(card, HasSubstr("/api/sessions/shop%201/start'"));
  EXPECT_THAT(card, Not(HasSubstr("/sessions/off/")));
  EXPECT_THAT(card, Not(HasSubstr("waha-key")));
}

TEST_F(WahaQuietTest, InventoryNamesSessionsByTheirContent) {
  const auto inventory = [&] { return recipe_->inventory(backup(), context_); };
  const auto before = inventory();
  ASSERT_EQ(before.size(), 1u);
  EXPECT_EQ(before[0].kind, "WAHA session");
  EXPECT_EQ(before[0].id, "noweb/main");
  EXPECT_EQ(inventory()[0].fingerprint, before[0].fingerprint);
  write_file(folder_ / "live/noweb/main/creds.json", R"({"noiseKey":"new"})");
  EXPECT_NE(inventory()[0].fingerprint, before[0].fingerprint);
}

}  // namespace
}  // namespace lifeboat
