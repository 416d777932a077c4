#include "engine/discover.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <optional>

#include "base/format.h"
#include "base/json.h"
#include "docker/scripted_engine_test_kit.h"
#include "engine/host_places.h"
#include "engine/uncovered.h"
#include "io/files.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class DiscoverTest : public testing::Test {
 protected:
  // A container as the engine lists it; `mounts` are "volume:/destination", "/source:/destination".
  void add_container(const std::string& name, const std::string& image,
                     const std::vector<std::string>& mounts = {},
                     const Json& labels = Json::object()) {
    Json listed = Json::array();
    for (const std::string& mount : mounts) {
      const std::string source = mount.substr(0, mount.find(':'));
      const bool is_bind = source.starts_with('/');
      listed.push_back({{"Type", is_bind ? "bind" : "volume"},
                        {"Name", is_bind ? "" : source},
                        {"Source", is_bind ? source : (folder / "volumes" / source).native()},
                        {"Destination", mount.substr(mount.find(':') + 1)},
                        {"RW", true}});
      if (!is_bind) add_volume(source);
    }
    containers.push_back({{"Id", "id-" + name},
                          {"Names", {"/" + name}},
                          {"Image", image},
                          {"State", "running"},
                          {"Labels", labels},
                          {"Mounts", listed}});
  }
  void add_volume(const std::string& name, const Json& labels = Json::object()) {
    write_file(folder / "volumes" / name / "file", std::string(2048, 'x'));
    volumes.push_back(
        {{"Name", name}, {"Mountpoint", (folder / "volumes" / name).native()}, {"Labels", labels}});
  }
  void configure(const std::string& name, const std::string& recipe,
                 std::vector<std::pair<std::string, std::string>> options,
                 std::vector<std::string> jobs = {"nightly"}) {
    CoveringService made{{name, recipe, {}}, std::move(jobs)};
    for (auto& [key, value] : options) made.service.settings.set(key, value);
    request.services.push_back(made);
  }
  Discovery look() {
    engine.emplace();  // one that says the same to the end
    engine->on("GET /containers/json?all=true", json_reply(200, containers.dump()));
    engine->on("GET /volumes", json_reply(200, Json{{"Volumes", volumes}}.dump()));
    request.docker = engine->options();
    request.root = folder / "root";
    return discover(request, recipes, clock);
  }
  static const DiscoveredPlace& place(const Discovery& found, std::string_view name) {
    for (const DiscoveredPlace& one : found.places) {
      if (one.name == name) return one;
    }
    throw Bug(format("no place '{}'", name));
  }
  static std::vector<std::string> uncovered(const Discovery& found) {
    std::vector<std::string> names;
    for (const DiscoveredPlace& one : found.places) {
      if (one.coverage == Coverage::not_covered) names.push_back(one.name);
    }
    return names;
  }

  TempFolder folder;
  std::optional<ScriptedEngine> engine;
  RecipeRegistry recipes;
  ManualClock clock;
  SeededRandom random;
  DiscoverRequest request;
  Json containers = Json::array();
  Json volumes = Json::array();
};

TEST_F(DiscoverTest, AVolumeIsCoveredOnlyByAServiceOfAJob) {
  add_container("n8n", "docker.n8n.io/n8nio/n8n:2", {"n8n_data:/home/node/.n8n"});
  add_container("app", "acme/app", {"app_data:/data"});
  add_container("old", "acme/old", {"old_data:/data"});
  configure("n8n", "n8n", {{"volume", "n8n_data"}});
  configure("old", "volume", {{"volume", "old_data"}}, {});
  const Discovery found = look();
  EXPECT_THAT(uncovered(found), ElementsAre("app_data", "old_data"));
  const DiscoveredPlace& n8n = place(found, "n8n_data");
  EXPECT_EQ(n8n.coverage, Coverage::covered);
  EXPECT_EQ(n8n.reason, "service n8n, job nightly");
  EXPECT_EQ(n8n.strategy, "n8n");
  EXPECT_EQ(n8n.bytes, 2048u);
  EXPECT_THAT(n8n.containers, ElementsAre("n8n"));
  EXPECT_THAT(place(found, "old_data").reason, HasSubstr("no job names that"));
  const DiscoveredPlace& app = place(found, "app_data");
  ASSERT_TRUE(app.proposal);
  EXPECT_EQ(app.proposal->recipe, "volume");
  EXPECT_EQ(app.strategy, "volume");
}

TEST_F(DiscoverTest, OnlyWantedSizesAreMeasured) {
  add_container("app", "acme/app", {"app_data:/data", "app_more:/more"});
  configure("app", "volume", {{"volume", "app_data"}});
  request.sizes = Measured::not_covered;
  const Discovery found = look();
  EXPECT_EQ(place(found, "app_data").bytes, std::nullopt);
  EXPECT_EQ(place(found, "app_more").bytes, 2048u);
  request.sizes = Measured::none;
  EXPECT_EQ(place(look(), "app_more").bytes, std::nullopt);
}

TEST_F(DiscoverTest, AFolderCoversWhatLiesBelowItAndNoMore) {
  add_container("app", "acme/app", {"app_data:/data", "/home/app/files:/files"});
  configure("files", "volume", {{"path", "/home/app"}});
  configure("volume", "volume", {{"path", (folder / "volumes/app_data").native()}});
  EXPECT_THAT(uncovered(look()), IsEmpty());
  request.services.clear();
  configure("part", "volume", {{"path", "/home/app/files/some"}});
  configure("near", "volume", {{"path", "/home/app/file"}});
  configure("db", "sqlite", {{"path", (folder / "volumes/app_data/app.db").native()}});
  const Discovery found = look();
  EXPECT_THAT(uncovered(found), ElementsAre("/home/app/files", "app_data"));
  EXPECT_THAT(place(found, "/home/app/files").reason, HasSubstr("only '/home/app/files/some'"));
  EXPECT_THAT(place(found, "app_data").reason, HasSubstr("app.db' of it, by service db"));
}

TEST_F(DiscoverTest, SkippedWithAReasonByVolumeContainerOrPath) {
  add_container("prometheus", "prom/prometheus", {"prom_data:/prometheus"});
  add_container("loki", "grafana/loki:3", {"loki_data:/loki"});
  add_container("app", "acme/app", {"/home/app:/data", "shared:/s"});
  add_container("other", "acme/app", {"shared:/s"});
  request.skip = {{"prom_data", "Thanos has it"},
                  {"loki", "logs may be lost"},
                  {"/home/app", "a git checkout"},
                  {"other", "a toy"},
                  {"typo", "nothing"}};
  const Discovery found = look();
  EXPECT_EQ(place(found, "prom_data").reason, "Thanos has it");
  EXPECT_EQ(place(found, "loki_data").reason, "logs may be lost");
  EXPECT_EQ(place(found, "/home/app").coverage, Coverage::skipped);
  // One of its two containers matters.
  EXPECT_THAT(uncovered(found), ElementsAre("shared"));
  EXPECT_THAT(found.unused_skips, testing::Contains("typo"));
}

TEST_F(DiscoverTest, WhatHoldsNothingToKeepIsNotAskedFor) {
  const std::string anonymous(64, 'a');
  add_container("app", "acme/app",
                {anonymous + ":/cache", "/var/run/docker.sock:/d", "/etc/localtime:/l", "/:/host"});
  add_container("web", "nginx");
  add_container("drill-1", "n8nio/n8n", {"drill_volume:/x"}, {{"lifeboat.drill", "1-2"}});
  volumes.back()["Labels"] = {{"lifeboat.drill", "1-2"}};
  const Discovery found = look();
  EXPECT_THAT(uncovered(found), IsEmpty());
  EXPECT_THAT(place(found, anonymous).reason, HasSubstr("it ends with its container"));
  EXPECT_EQ(place(found, "web").type, "container");
  EXPECT_EQ(found.places.size(), 2u);
}

TEST_F(DiscoverTest, AnImageThatIsKnownToHoldDataIsNeverWavedThrough) {
  const std::string anonymous(64, 'b');
  add_container("pg", "postgres:15", {anonymous + ":/var/lib/postgresql/data"});
  add_container("kuma", "louislam/uptime-kuma:1");
  const Discovery found = look();
  EXPECT_THAT(uncovered(found), ElementsAre("kuma", anonymous));
  EXPECT_THAT(place(found, "kuma").reason, HasSubstr("inside the container"));
  EXPECT_THAT(place(found, anonymous).reason, HasSubstr("give it one"));
}

TEST_F(DiscoverTest, ANamelessPlaceMeansTheOnlyContainerOfItsKind) {
  add_container("mon", "grafana/grafana:11", {"grafana_data:/var/lib/grafana"});
  if (recipes.find("grafana") == nullptr) GTEST_SKIP() << "the recipe grafana is not built in";
  configure("grafana", "grafana", {});
  const Discovery found = look();
  EXPECT_THAT(place(found, "grafana_data").reason, HasSubstr("the only grafana here"));
  add_container("mon2", "grafana/grafana:11", {"grafana_two:/var/lib/grafana"});
  EXPECT_THAT(uncovered(look()), ElementsAre("grafana_data", "grafana_two"));
}

TEST_F(DiscoverTest, AServerIsCoveredByWhoAsksIt) {
  add_container("db", "mariadb:11", {"db_data:/var/lib/mysql", "db_conf:/etc/mysql"});
  configure("traccar", "traccar", {{"container", "db"}, {"path", "/opt/traccar"}});
  const Discovery found = look();
  EXPECT_EQ(place(found, "db_data").reason, "service traccar, job nightly");
  EXPECT_THAT(uncovered(found), ElementsAre("db_conf"));
  request.services.clear();
  configure("traccar", "traccar", {{"host", "10.0.0.9"}});
  EXPECT_THAT(uncovered(look()), ElementsAre("db_conf", "db_data"));
  request.services.clear();
  EXPECT_EQ(place(look(), "db_data").proposal->recipe, "mysql");
}

TEST_F(DiscoverTest, AServerOfAnImageOfOnesOwnIsCoveredByWhoNamesIt) {
  add_container("db", "registry.acme.example/our-database:7",
                {"db_data:/var/lib/mysql", "db_conf:/etc/mysql"});
  configure("traccar", "traccar", {{"container", "db"}});
  const Discovery found = look();
  EXPECT_EQ(place(found, "db_data").reason, "service traccar, job nightly");
  EXPECT_THAT(uncovered(found), ElementsAre("db_conf"));
  request.services.clear();
  configure("files", "volume", {{"volume", "db_conf"}, {"container", "db"}});
  EXPECT_THAT(uncovered(look()), ElementsAre("db_data"));
}

TEST_F(DiscoverTest, KnownPathsAndDatabasesOfTheHost) {
  write_file(folder / "root/opt/app/data", "x");
  write_file(folder / "root/srv/backups/object", "x");
  write_file(folder / "root/root/my-compose.yml", "services: {}");
  fs::create_directories(folder / "root/opt/empty");
  write_file(folder / "root/run/mysqld/mysqld.sock", "");
  request.own = {"/srv/backups"};
  configure("app", "volume", {{"path", "/opt/app"}});
  const Discovery found = look();
  EXPECT_THAT(uncovered(found), ElementsAre("/run/mysqld/mysqld.sock", "/root/my-compose.yml"));
  EXPECT_EQ(place(found, "/opt/app").coverage, Coverage::covered);
  EXPECT_EQ(place(found, "/root/my-compose.yml").strategy, "files");
  EXPECT_EQ(found.places.size(), 3u);
}

TEST_F(DiscoverTest, ACheckoutIsSafeOnlyIfAllOfItIsElsewhere) {
  if (shell("git --version").status != 0) GTEST_SKIP() << "git is missing";
  const std::string at = (folder / "root/opt/infra").native();
  fs::create_directories(at);
  const auto git = [&](const std::string& words) {
    shell_ok(format("git -c user.name=x -c user.email=x@x -c init.defaultBranch=main -C {} {}", at,
                    words));
  };
  shell_ok(format("git init -q --bare {}/remote.git", folder.path().native()));
  git("init -q");
  write_file(at + "/compose.yml", "x");
  write_file(at + "/.gitignore", ".env\nnode_modules\ndata\n");
  write_file(at + "/node_modules/x", "x");
  git("add -A");
  git("commit -q -m x");
  const auto state = [&] { return git_state(at, clock, {}); };
  EXPECT_EQ(state()->problem, "the checkout has no remote");
  git(format("remote add origin {}/remote.git", folder.path().native()));
  EXPECT_EQ(state()->problem, "its branch has no remote one");
  git("push -q -u origin HEAD");
  EXPECT_EQ(state()->problem, "");
  EXPECT_EQ(place(look(), "/opt/infra").coverage, Coverage::skipped);

  write_file(at + "/.env", "SECRET=1");
  EXPECT_THAT(state()->problem, HasSubstr("git ignores '.env'"));
  fs::remove(at + "/.env");
  write_file(at + "/data/db", "x");
  EXPECT_THAT(state()->problem, HasSubstr("git ignores 'data/'"));
  EXPECT_EQ(git_state(at + "/data", clock, {}), std::nullopt);
  EXPECT_EQ(place(look(), "/opt/infra").coverage, Coverage::not_covered);
  fs::remove_all(at + "/data");
  write_file(at + "/compose.yml", "changed");
  EXPECT_THAT(state()->problem, HasSubstr("1 file is changed or new"));
  git("commit -q -a -m y");
  EXPECT_THAT(state()->problem, HasSubstr("not pushed"));
  git("remote set-url origin https://user:token@git.example/x.git");
  EXPECT_EQ(state()->remote, "https://git.example/x.git");
}

TEST_F(DiscoverTest, AMissingEngineIsNoErrorAndABrokenOneIs) {
  request.docker = {.socket = folder / "none.sock"};
  request.root = folder / "root";
  EXPECT_THAT(discover(request, recipes, clock).warnings, ElementsAre(HasSubstr("no Docker")));
  engine.emplace();
  engine->on("GET /containers/json?all=true", json_reply(500, R"({"message": "broken"})"));
  request.docker = engine->options();
  EXPECT_THAT(error_text([&] { discover(request, recipes, clock); }), HasSubstr("broken"));
}

TEST_F(DiscoverTest, NewVolumesAreToldByNameOnceAndCountedThen) {
  add_container("app", "acme/app", {"app_data:/data"});
  const auto tell = [&] { return tell_uncovered(look(), folder / "state", clock, random); };
  EXPECT_THAT(tell(), ElementsAre("volume 'app_data' (2.0 KiB) of container 'app' is NOT COVERED"));
  clock.advance(std::chrono::hours(24));
  EXPECT_THAT(tell(), ElementsAre("1 volume is NOT COVERED, as before; see 'lifeboat discover'"));
  add_container("new", "acme/new", {"new_data:/data"});
  EXPECT_THAT(tell(), ElementsAre("new since 2026-05-08T02:00:00Z: volume 'new_data' (2.0 KiB) of "
                                  "container 'new' is NOT COVERED",
                                  "1 volume is NOT COVERED, as before; see 'lifeboat discover'"));
  configure("app", "volume", {{"volume", "app_data"}});
  configure("new", "volume", {{"volume", "new_data"}});
  EXPECT_THAT(tell(), IsEmpty());
  // Uncovered again is news again.
  request.services.clear();
  EXPECT_EQ(tell().size(), 2u);
  write_file(folder / "state/uncovered.json", "{");
  EXPECT_THAT(tell(), testing::Contains(HasSubstr("begun anew")));
}

}  // namespace
}  // namespace lifeboat::test
