#include "recipe/container.h"

#include <gmock/gmock.h>

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
using testing::IsEmpty;

// Two members, with the engine's acts so far noted at each step.
class ScriptedPlan final : public ServicePlan {
 public:
  explicit ScriptedPlan(std::function<void()> at_next) : at_next_(std::move(at_next)) {
    facts_.consistency = "Two members.";
  }
  const Facts& facts() const override { return facts_; }
  uint64_t size_estimate() const override { return 7; }
  std::optional<Member> next() override {
    at_next_();
    if (given_++ == 2) return std::nullopt;
    return text_member(format("{}", given_), "x", {});
  }
  std::vector<std::string> warnings() const override { return {"its own"}; }

 private:
  std::function<void()> at_next_;
  Facts facts_;
  int given_ = 0;
};

class ContainerTest : public testing::Test {
 protected:
  void mount(const std::string& containers) {
    engine.on("GET /containers/json?all=true", json_reply(200, "[" + containers + "]"));
  }
  static std::string listed(const std::string& id, const std::string& source,
                            const std::string& more = R"("RW": true)") {
    return format(R"({{"Id": "{0}", "Names": ["/{0}"], "State": "running", "Mounts": [
                   {{"Type": "bind", "Source": "{1}", {2}}}]}})",
                  id, source, more);
  }
  void seen_as(const std::string& state) {
    engine.on(
        "GET /containers/c1/json",
        json_reply(200, format(R"({{"Id": "c1", "Name": "/web", "Image": "sha256:aa", "Config":
                                {{"Image": "web:1"}}, "State": {{"Status": "{}"}}}})",
                               state)));
  }
  // A container "web" that mounts the folder and can be stopped, paused and started.
  void can_stand_still() {
    mount(listed("c1", "/srv/web"));
    seen_as("running");  // found for the facts
    seen_as("running");  // found to be stopped
    seen_as("running");  // looked at before it
    for (const char* verb : {"stop?t=30", "pause", "unpause"}) {
      engine.on(format("POST /containers/c1/{}", verb), json_reply(204, ""));
    }
  }
  std::string acts() const {
    std::string found;
    for (const std::string& request : engine.requests()) {
      if (request.starts_with("POST")) found += request.substr(request.rfind('/') + 1) + " ";
    }
    return found;
  }
  void set(const std::string& name, const std::string& value) { service.settings.set(name, value); }
  std::string found() {
    const auto details = find_container(service, context);
    return details ? details->container.name : "nothing";
  }
  std::unique_ptr<ServicePlan> plan() {
    return with_container(
        std::make_unique<ScriptedPlan>([this] { acts_at_next.push_back(acts()); }), service,
        context);
  }
  size_t notes() const {
    if (!fs::exists(folder / "state")) return 0;
    return static_cast<size_t>(
        std::distance(fs::directory_iterator(folder / "state"), fs::directory_iterator()));
  }

  test::ScriptedEngine engine;
  test::TempFolder folder;
  test::ManualClock clock;
  test::SeededRandom random;
  RecipeContext context{clock, random, {}, folder.path(), folder / "state", engine.socket_path()};
  Service service{"web", "volume", {}};
  std::vector<std::string> acts_at_next;
};

TEST_F(ContainerTest, IsTheOneThatMountsThePath) {
  mount(listed("c0", "/srv/other") + "," + listed("c1", "/srv/web"));
  seen_as("running");
  set("path", "/srv/web");
  EXPECT_EQ(found(), "web");
  set("path", "/srv/we");
  EXPECT_EQ(found(), "nothing");
  set("path", "/srv/web/data");
  EXPECT_EQ(found(), "web");
}

TEST_F(ContainerTest, IsTheOneThatMountsTheNearestFolderToWrite) {
  mount(listed("c0", "/srv") + "," + listed("c1", "/srv/web") + "," +
        listed("c2", "/srv/web/data", R"("RW": false)") + "," + listed("c3", "/"));
  seen_as("running");
  set("path", "/srv/web/data/app.db");
  EXPECT_EQ(found(), "web");
}

TEST_F(ContainerTest, MayMountOneFileOfTheFolder) {
  mount(listed("c0", "/etc/hosts") + "," + listed("c1", "/root/traefik/acme.json"));
  seen_as("running");
  set("path", "/root/traefik");
  EXPECT_EQ(found(), "web");
}

TEST_F(ContainerTest, SeveralAreToldApartByName) {
  mount(listed("c1", "/srv/web") + "," + listed("c2", "/srv/web"));
  set("path", "/srv/web");
  EXPECT_THAT(error_text([&] { found(); }), HasSubstr("c1, c2 mount it"));
  EXPECT_FALSE(plan()->facts().details.contains("container")) << "no reason to go without";
  EXPECT_THAT(check_container(service, context), IsEmpty());
  set("stop", "stop");
  EXPECT_THAT(error_text([&] { plan(); }), HasSubstr("c1, c2 mount it"));
  EXPECT_EQ(check_container(service, context).at(0).level, Finding::Level::error);
}

TEST_F(ContainerTest, WithoutAnEngineThereIsNoneUnlessItIsAskedFor) {
  context.docker_socket = folder / "no-engine.sock";
  set("path", "/srv/web");
  EXPECT_EQ(found(), "nothing");
  EXPECT_FALSE(plan()->facts().details.contains("container"));
  set("stop", "pause");
  EXPECT_THAT(error_text([&] { plan(); }), HasSubstr("pause the container of service 'web'"));
  set("stop", "no");
  set("container", "web");
  EXPECT_THAT(error_text([&] { plan(); }), HasSubstr("no-engine.sock"));
}

TEST_F(ContainerTest, AnEngineThatFailsIsNoReasonToGoWithoutABackup) {
  engine.on("GET /containers/json?all=true", json_reply(500, R"({"message": "oops"})"));
  set("path", "/srv/web");
  EXPECT_FALSE(plan()->facts().details.contains("container"));
}

TEST_F(ContainerTest, AWordThatIsNoneIsToldBeforeARun) {
  set("stop", "halt");
  EXPECT_THAT(error_text([&] { plan(); }), HasSubstr("'halt' is none of its words"));
  EXPECT_THAT(check_container(service, context).at(0).message, HasSubstr("'halt'"));
}

TEST_F(ContainerTest, StandsStillFromTheFirstMemberToTheLast) {
  can_stand_still();
  seen_as("exited");
  engine.on("POST /containers/c1/start", json_reply(204, ""));
  set("path", "/srv/web");
  set("stop", "stop");
  const auto made = plan();
  EXPECT_EQ(acts(), "");
  EXPECT_EQ(made->facts().details["container"]["image"], "web:1");
  EXPECT_EQ(made->facts().consistency,
            "The container 'web' was stopped while its files were read. Two members.");
  EXPECT_EQ(made->size_estimate(), 7u);
  while (made->next()) EXPECT_EQ(notes(), 1u);
  EXPECT_THAT(acts_at_next, ElementsAre("stop?t=30 ", "stop?t=30 ", "stop?t=30 "));
  EXPECT_EQ(acts(), "stop?t=30 start ") << "before the plan's end";
  EXPECT_EQ(notes(), 0u);
  EXPECT_THAT(made->warnings(), ElementsAre("its own"));
}

TEST_F(ContainerTest, RunsAgainWhenThePlanEndsEarly) {
  can_stand_still();
  seen_as("paused");
  set("path", "/srv/web");
  set("stop", "pause");
  {
    const auto made = plan();
    made->next();
    EXPECT_EQ(acts(), "pause ");
  }
  EXPECT_EQ(acts(), "pause unpause ");
  EXPECT_EQ(notes(), 0u);
}

TEST_F(ContainerTest, OneThatDoesNotStartAgainIsAWarningAndItsNoteStays) {
  can_stand_still();
  seen_as("exited");
  engine.on("POST /containers/c1/start", json_reply(500, R"({"message": "no space"})"));
  set("path", "/srv/web");
  set("stop", "stop");
  const auto made = plan();
  while (made->next()) {
  }
  EXPECT_THAT(made->warnings(),
              ElementsAre("its own", HasSubstr("THE CONTAINER DOES NOT RUN: let container 'web'")));
  EXPECT_EQ(notes(), 1u);
}

TEST_F(ContainerTest, IsLeftAloneUnlessAsked) {
  can_stand_still();
  set("path", "/srv/web");
  const auto made = plan();
  while (made->next()) {
  }
  EXPECT_EQ(acts(), "");
  EXPECT_EQ(made->facts().consistency, "Two members.");
}

TEST_F(ContainerTest, IsStoppedForAReplacementWhateverTheOptionSays) {
  can_stand_still();
  seen_as("exited");
  engine.on("POST /containers/c1/start", json_reply(204, ""));
  engine.on("GET /containers/c1/json", json_reply(200, "{}"));
  set("path", "/srv/web");
  { const auto still = keep_stopped(service, context); }
  EXPECT_THAT(acts(), HasSubstr("stop?t=30 "));
  context.docker_socket = folder / "no-engine.sock";
  EXPECT_EQ(keep_stopped(service, context), nullptr);
}

}  // namespace
}  // namespace lifeboat
