// `discover` as a person types it, and that what it proposes is a configuration.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <thread>

#include "base/format.h"
#include "base/json.h"
#include "cli/app_test_fixture.h"
#include "docker/scripted_engine_test_kit.h"
#include "engine/discover.h"
#include "recipe/known.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::Not;

class DiscoverCommand : public AppFixture {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"keygen", "-o", path("key.txt")}).code, 0);
    recipient_ = recipient();
    fs::create_directories(folder_ / "store");
    test::write_file(path("live/a.txt"), "hello\n");
  }
  // `services` and what comes behind them, as text.
  void write_config(const std::string& rest) {
    serve();
    test::write_file(path("lifeboat.yaml"),
                     format("host: vps-h1\n"
                            "store: {{dir: store}}\n"
                            "encryption: {{recipients: [{}]}}\n"
                            "docker: {{socket: {}, labels: true}}\n"
                            "spool_dir: .\n"
                            "state_dir: state\n"
                            "{}",
                            recipient_, engine_->socket_path().native(), rest));
  }
  void add_container(const std::string& name, const std::string& image,
                     const std::vector<Json>& mounts, const Json& labels = Json::object()) {
    containers_.push_back({{"Id", "id-" + name},
                           {"Names", {"/" + name}},
                           {"Image", image},
                           {"State", "running"},
                           {"Labels", labels},
                           {"Mounts", mounts}});
  }
  Json volume(const std::string& name, const std::string& destination) {
    const std::string at = path("volumes/" + name);
    test::write_file(at + "/data", "data");
    volumes_.push_back({{"Name", name}, {"Mountpoint", at}});
    return {{"Type", "volume"},
            {"Name", name},
            {"Source", at},
            {"Destination", destination},
            {"RW", true}};
  }
  // Says what there is by now, to the end.
  void serve() {
    engine_.emplace();
    engine_->on("GET /containers/json?all=true", test::json_reply(200, containers_.dump()));
    test::EngineReply volumes = test::json_reply(200, Json{{"Volumes", volumes_}}.dump());
    volumes.reads_input = volumes_have_no_end_;
    engine_->on("GET /volumes", volumes);
    for (const Json& one : containers_) {
      const std::string id = one["Id"].get<std::string>();
      const Json seen = {{"Id", id},
                         {"Name", one["Names"][0]},
                         {"State", {{"Status", one["State"]}}},
                         {"Config", {{"Image", one["Image"]}, {"Labels", one["Labels"]}}},
                         {"Mounts", one["Mounts"]}};
      engine_->on(format("GET /containers/{}/json", id), test::json_reply(200, seen.dump()));
    }
    for (const Json& one : volumes_) {
      engine_->on("GET /volumes/" + one["Name"].get<std::string>(),
                  test::json_reply(200, one.dump()));
    }
  }
  static constexpr const char* files_job =
      "services:\n"
      "  files: {recipe: volume, path: live}\n"
      "jobs: {nightly: {schedule: manual, services: [files], labelled: false}}\n";

  std::string recipient_;
  std::optional<test::ScriptedEngine> engine_;
  Json containers_ = Json::array();
  Json volumes_ = Json::array();
  bool volumes_have_no_end_ = false;  // the engine's answer waits until nobody asks any more
};

// For every image that is known, as volume, folder, and bare: what is proposed loads, and covers.
TEST_F(DiscoverCommand, WhatItProposesIsAConfigurationThatCovers) {
  size_t number = 0;
  for (const KnownImage& known : known_images()) {
    const std::string pattern(known.pattern.substr(0, known.pattern.find('*')));
    const std::string name = format("c{}", ++number);
    const std::string at = known.destination.empty() ? "/data" : std::string(known.destination);
    add_container(name, pattern, {volume("v" + name, at)});
    const std::string bind = path("binds/" + name);
    fs::create_directories(bind);
    add_container(name + "-b", pattern,
                  {{{"Type", "bind"}, {"Source", bind}, {"Destination", at}, {"RW", true}}});
    add_container(name + "-n", pattern, {});
  }
  test::write_file(path("binds/$strange 'file'\"#: {}"), "x");
  add_container("strange", "acme/x",
                {{{"Type", "bind"},
                  {"Source", path("binds/$strange 'file'\"#: {}")},
                  {"Destination", "/x"},
                  {"RW", true}}});
  write_config(files_job);
  const Outcome before = with_config({"discover", "--json", "--fail", "--root", path("root")});
  ASSERT_EQ(before.code, 1) << before.talk;
  const Json found = Json::parse(before.out);
  std::string names = "files";
  for (const Json& place : found["places"]) {
    if (place.contains("proposal")) {
      names += ", " + place["proposal"]["name"].get<std::string>();
    }
  }
  std::string config = found["config"].get<std::string>();
  const std::string head = "services:\n";
  ASSERT_TRUE(config.starts_with(head));
  write_config(head + "  files: {recipe: volume, path: live}\n" + config.substr(head.size()) +
               format("jobs: {{nightly: {{schedule: manual, services: [{}]}}}}\n", names));
  const Outcome after = with_config({"discover", "--json", "--fail", "--root", path("root")});
  const Json told = Json::parse(after.out);  // outlives the loop over a part of it
  for (const Json& place : told["places"]) {
    // Of a container without a volume, only a server can be asked for its data.
    if (place["type"] == "container" && place["reason"] != "") continue;
    EXPECT_NE(place["coverage"], "not covered") << place.dump(2);
  }
}

TEST_F(DiscoverCommand, TellsEachPlaceAndItsReason) {
  add_container("n8n", "n8nio/n8n:2", {volume("n8n_data", "/home/node/.n8n")});
  add_container("prom", "prom/prometheus", {volume("prom_data", "/prometheus")});
  write_config(std::string(files_job) + "discover: {skip: {prom: Thanos has it, nobody: x}}\n");
  const Outcome outcome = with_config({"discover", "--root", path("root")});
  EXPECT_EQ(outcome.code, 0) << outcome.talk;
  EXPECT_THAT(outcome.out, HasSubstr("volume"));
  EXPECT_THAT(outcome.out, HasSubstr("n8n_data"));
  EXPECT_THAT(outcome.out, HasSubstr("NOT COVERED"));
  EXPECT_THAT(outcome.out, HasSubstr("skipped: Thanos has it"));
  EXPECT_THAT(outcome.out, HasSubstr("  n8n: {recipe: n8n, volume: \"n8n_data\"}\n"));
  EXPECT_THAT(outcome.talk, HasSubstr("nothing here is called 'nobody'"));
  EXPECT_EQ(with_config({"discover", "--fail", "--root", path("root")}).code, 1);
}

TEST_F(DiscoverCommand, ABackupTellsNewVolumesAndCheckAll) {
  add_container("app", "acme/app", {volume("app_data", "/data")});
  write_config(files_job);
  const Outcome first = with_config({"backup"});
  EXPECT_EQ(first.code, 0) << first.talk;
  EXPECT_THAT(first.talk, HasSubstr("volume 'app_data' (4 B) of container 'app' is NOT COVERED"));
  const Outcome second = with_config({"backup", "--json"});
  EXPECT_THAT(second.talk, HasSubstr("1 volume is NOT COVERED, as before"));
  EXPECT_THAT(Json::parse(second.out)["warnings"].dump(), HasSubstr("as before"));
  const Outcome check = with_config({"check"});
  EXPECT_THAT(check.out, HasSubstr("! volume app_data: NOT COVERED"));
}

// The snapshot is there by then: a script that asks for it must be told.
TEST_F(DiscoverCommand, AStopDuringTheLookLeavesTheBackupAsItIs) {
  volumes_have_no_end_ = true;
  write_config(files_job);
  std::atomic<bool> is_over = false;
  std::thread striker([&] {
    const auto is_asked = [&] {
      const auto requests = engine_->requests();
      return std::any_of(requests.begin(), requests.end(),
                         [](const std::string& one) { return one.ends_with("/volumes"); });
    };
    while (!is_over && !is_asked()) ::usleep(10'000);
    stop_.request_stop();
  });
  const Outcome outcome = with_config({"backup", "--json"});
  is_over = true;
  striker.join();
  EXPECT_EQ(outcome.code, 0) << outcome.talk;
  EXPECT_THAT(outcome.out, HasSubstr("\"snapshot\""));
  EXPECT_THAT(outcome.talk, HasSubstr("uncovered volumes were not looked for: interrupted"));
}

TEST_F(DiscoverCommand, LabelledContainersJoinTheJobThatAsks) {
  add_container("app", "acme/app", {volume("app_data", "/data")}, {{"lifeboat.enable", "true"}});
  write_config("jobs: {nightly: {schedule: manual, labelled: true}}\n");
  const Outcome made = with_config({"backup"});
  EXPECT_EQ(made.code, 0) << made.talk;
  EXPECT_THAT(made.out, HasSubstr("app "));
  EXPECT_THAT(made.talk, Not(HasSubstr("NOT COVERED")));
  EXPECT_THAT(with_config({"discover", "--root", path("root")}).out,
              HasSubstr("service app, job nightly"));
  EXPECT_EQ(with_config({"diff", "latest", "-i", path("key.txt")}).code, 0);
  test::write_file(path("volumes/app_data/data"), "other");
  EXPECT_EQ(with_config({"diff", "latest", "app", "-i", path("key.txt")}).code, 1);
}

TEST_F(DiscoverCommand, ABadLabelFailsItsServiceByName) {
  add_container("app", "acme/app", {volume("app_data", "/data")},
                {{"lifeboat.enable", "true"}, {"lifeboat.exclud", "x"}});
  write_config(
      "services:\n  files: {recipe: volume, path: live}\n"
      "jobs: {nightly: {schedule: manual, services: [files]}}\n");
  const Outcome made = with_config({"backup"});
  EXPECT_EQ(made.code, 8) << made.talk;
  EXPECT_THAT(made.talk, HasSubstr("service 'app' is not in the snapshot"));
  EXPECT_THAT(made.talk, HasSubstr("lifeboat.exclud'"));
  const Outcome check = with_config({"check"});
  EXPECT_EQ(check.code, 4);
  EXPECT_THAT(check.out, HasSubstr("lifeboat.exclud'"));
}

TEST_F(DiscoverCommand, NobodyCarriesALabel) {
  write_config("jobs: {nightly: {schedule: manual, labelled: true}}\n");
  const Outcome made = with_config({"backup"});
  EXPECT_EQ(made.code, 4);
  EXPECT_THAT(made.talk, HasSubstr("no container carries the label lifeboat.enable=true"));
}

}  // namespace
}  // namespace lifeboat::cli
