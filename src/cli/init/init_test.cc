// `init` as flags: what it makes loads, covers what was found, and is whole or not there.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/format.h"
#include "base/json.h"
#include "base/text.h"
#include "cli/app_test_fixture.h"
#include "cli/init/answers.h"
#include "cli/init/files.h"
#include "cli/init/providers.h"
#include "cli/init/texts.h"
#include "config/config.h"
#include "docker/scripted_engine_test_kit.h"
#include "io/files.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

unsigned mode_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::stat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

class InitCommand : public AppFixture {
 protected:
  void SetUp() override {
    ASSERT_EQ(run({"keygen", "-o", path("key.txt")}).code, 0);
    recipient_ = recipient();
    test::write_file(path("live/a.txt"), "hello\n");
    fs::create_directories(folder_ / "root");
  }
  ~InitCommand() override {
    for (const char* name : {access_key_variable, secret_key_variable, "N8N_API_KEY"}) {
      ::unsetenv(name);
    }
  }
  std::string config() { return path("etc/lifeboat/lifeboat.yaml"); }
  std::string read(const std::string& name) { return read_file(name, 1 << 20); }
  // `init --yes` of the sample folder, and what else is asked.
  Outcome init(std::vector<std::string> more) {
    std::vector<std::string> words{"init", "--config", config(), "--root", path("root"), "--yes"};
    words.insert(words.end(), more.begin(), more.end());
    return run(words);
  }
  std::vector<std::string> enough() {
    return {"--host", "h1",         "--store",     "dir:" + path("store"),
            "--path", path("live"), "--recipient", recipient_};
  }
  Config load() {
    MemorySink out;
    MemorySink talk;
    Surroundings surroundings{out, talk, terminal_, clock_, random_, stop_.token()};
    CommandContext context(surroundings);
    return load_config(config(), context.load_options());
  }

  std::string recipient_;
};

TEST_F(InitCommand, MakesAConfigurationThatProvesItself) {
  // A new volume is often empty: no reason for a drill to fail.
  fs::create_directories(path("empty"));
  std::vector<std::string> words = enough();
  words.insert(words.end(), {"--path", path("empty"), "--drill"});
  const Outcome made = init(words);
  ASSERT_EQ(made.code, 0) << made.talk << made.out;
  EXPECT_THAT(made.out, AllOf(HasSubstr("RESTORE OK"), HasSubstr("op document create"),
                              HasSubstr("lifeboat install --")));
  EXPECT_THAT(made.out + made.talk, Not(HasSubstr("AGE-SECRET-KEY")));
  for (const char* name : {"lifeboat.yaml", "env", "age.key", "signing.key"}) {
    EXPECT_EQ(mode_of(path("etc/lifeboat") + "/" + name), 0600U) << name;
  }
  const Config config = load();
  EXPECT_EQ(config.host, "h1");
  EXPECT_EQ(config.encryption.recipients.size(), 2U);
  EXPECT_EQ(config.encryption.recipients[1], recipient_);
  EXPECT_EQ(config.jobs[0].schedule, "02:00");
  EXPECT_THAT(config.jobs[0].services, ElementsAre("live", "empty"));
  EXPECT_TRUE(config.warnings.empty());
}

TEST_F(InitCommand, TellsWhatItMadeAsJson) {
  std::vector<std::string> words = enough();
  words.insert(words.end(), {"--drill", "--json"});
  const Outcome made = init(words);
  ASSERT_EQ(made.code, 0) << made.talk << made.out;
  const Json report = parse_json(made.out, "the report");
  EXPECT_EQ(report["config"], config());
  EXPECT_EQ(report["services"][0], "live");
  EXPECT_EQ(report["check"][0]["level"], "ok");
  EXPECT_TRUE(report.contains("backup"));
  EXPECT_TRUE(report.contains("drill"));
  EXPECT_FALSE(report["left_to_do"].empty());
}

TEST_F(InitCommand, NamesEverythingThatIsMissingAtOnce) {
  const Outcome bare = run({"init", "--config", config(), "--root", path("root")});
  EXPECT_EQ(bare.code, 2);
  for (const char* flag : {"--host", "--path", "--store", "--recipient", "--offline-key"}) {
    EXPECT_THAT(bare.talk, HasSubstr(flag));
  }
  EXPECT_FALSE(fs::exists(path("etc")));
  // A bucket's keys are part of it.
  const Outcome bucket = init({"--store", "s3://bucket?endpoint=http://127.0.0.1:9"});
  EXPECT_EQ(bucket.code, 2);
  for (const char* part : {access_key_variable, secret_key_variable, "--path", "--recipient"}) {
    EXPECT_THAT(bucket.talk, HasSubstr(part));
  }
}

TEST_F(InitCommand, JudgesFlags) {
  const auto refusal = [&](size_t at, const std::string& value) {
    std::vector<std::string> words = enough();
    words[at] = value;
    const Outcome outcome = init(words);
    EXPECT_NE(outcome.code, 0) << value;
    EXPECT_FALSE(fs::exists(path("etc"))) << value;
    return outcome.talk;
  };
  EXPECT_THAT(refusal(1, "No Host"), HasSubstr("--host"));
  EXPECT_THAT(refusal(3, "ftp:x"), HasSubstr("does not name a store"));
  EXPECT_THAT(refusal(3, "dir:" + path("live/store")), HasSubstr("service live"));
  EXPECT_THAT(refusal(5, path("nothing")), HasSubstr("there is no"));
  EXPECT_THAT(refusal(7, "age1no"), HasSubstr("--recipient"));
  std::vector<std::string> words = enough();
  words.insert(words.end(), {"--schedule", "25:00"});
  EXPECT_THAT(init(words).talk, HasSubstr("not a schedule"));
}

TEST_F(InitCommand, NeverOverwrites) {
  for (const char* taken : {"lifeboat.yaml", "env"}) {
    const std::string file = path("etc/lifeboat") + "/" + taken;
    test::write_file(file, "mine\n");
    const Outcome refused = init(enough());
    EXPECT_EQ(refused.code, 2);
    EXPECT_THAT(refused.talk, AllOf(HasSubstr(taken), HasSubstr("move it away")));
    EXPECT_EQ(read(file), "mine\n");
    EXPECT_FALSE(fs::exists(path("etc/lifeboat/age.key")));
    fs::remove_all(path("etc"));
  }
}

// What an `init` that was killed between two renames leaves is a whole key.
TEST_F(InitCommand, UsesKeysThatAreThere) {
  fs::create_directories(path("etc/lifeboat"));
  const std::string key = path("etc/lifeboat/age.key");
  const std::string signing = path("etc/lifeboat/signing.key");
  ASSERT_EQ(run({"keygen", "-o", key}).code, 0);
  ASSERT_EQ(run({"keygen", "--signing", "-o", signing}).code, 0);
  const std::string before = read(key) + read(signing);
  const Outcome made = init(enough());
  ASSERT_EQ(made.code, 0) << made.talk << made.out;
  EXPECT_EQ(read(key) + read(signing), before);
  EXPECT_THAT(made.talk, HasSubstr("is there already and is used"));
  EXPECT_EQ(load().encryption.recipients[0] + "\n", run({"keygen", "-y", key}).out);
}

TEST_F(InitCommand, MakesASecondKeyToTakeAway) {
  std::vector<std::string> words = enough();
  words.resize(6);
  words.insert(words.end(), {"--offline-key", path("second.html")});
  const Outcome made = init(words);
  ASSERT_EQ(made.code, 0) << made.talk << made.out;
  EXPECT_EQ(mode_of(path("second.html")), 0600U);
  EXPECT_THAT(read(path("second.html")), HasSubstr(load().encryption.recipients[1]));
  EXPECT_THAT(made.out, HasSubstr(format("shred -u '{}'", path("second.html"))));
  EXPECT_THAT(read(path("etc/lifeboat/age.key")), Not(HasSubstr(load().encryption.recipients[1])));
}

TEST_F(InitCommand, WhatCannotBeWrittenLeavesNothing) {
  std::vector<std::string> words = enough();
  words.resize(6);
  test::write_file(path("taken.txt"), "mine");
  words.insert(words.end(), {"--offline-key", path("taken.txt")});
  EXPECT_NE(init(words).code, 0);
  EXPECT_FALSE(fs::exists(path("etc")));
  EXPECT_EQ(read(path("taken.txt")), "mine");
  // The last of several: those before it are taken back, made folders too.
  const fs::path folder = path("made/here");
  std::vector<NewFile> files;
  files.push_back({path("outside"), Secret(std::string_view("x"))});
  files.push_back({folder / "one", Secret(std::string_view("1"))});
  files.push_back({folder / "one", Secret(std::string_view("2"))});
  EXPECT_THROW(write_together(folder, files, random_), Error);
  EXPECT_FALSE(fs::exists(path("made")));
  EXPECT_FALSE(fs::exists(path("outside")));
  fs::create_directories(folder);
  EXPECT_THROW(write_together(folder, files, random_), Error);
  EXPECT_TRUE(fs::is_empty(folder));
}

// Every kind that discover proposes, under names that YAML and ${} would misread.
TEST_F(InitCommand, WhatItPrintsLoads) {
  InitPlan plan;
  plan.config = config();
  plan.host = "null";
  plan.date = "2026-05-07";
  plan.recipients = {{recipient_, "of a test"}, {recipient_, "again"}};
  plan.schedule = "*/5 * * * *";
  const std::string odd = "/srv/it's \"odd\": {x} #1 ${HOME} \\ ü";
  plan.services = {{"n8n", "n8n", {{"volume", "n8n_data"}}},
                   {"true", "mysql", {{"container", "1e5"}}},
                   {"3", "postgres", {{"socket", "/var/run/postgresql"}}},
                   {"grafana", "grafana", {{"volume", "g.data"}}},
                   {"waha-2", "waha", {{"volume", "0x1f"}}},
                   {"odd", "volume", {{"path", odd}}},
                   {"files", "files", {{"paths", odd}}}};
  plan.left_out = {{"left", "volume", {{"volume", "redis"}}}};
  plan.store.is_s3 = true;
  plan.store.s3.endpoint = "https://s3.eu-central-1.wasabisys.com";
  plan.store.s3.region = "eu-central-1";
  plan.store.s3.bucket = "my.bucket-1";
  const auto secret = [](std::string_view text) { return std::make_shared<Secret>(text); };
  plan.store.s3.access_key = secret("AKIA#1");
  plan.store.s3.secret_key = secret("a/b+c= \"$x\"");
  plan.service_secrets["N8N_API_KEY"] = secret("eyJ.n8n");
  const auto write = [&] {
    fs::remove_all(path("etc"));
    std::vector<NewFile> files;
    files.push_back({plan.env_file(), print_init_env(plan)});
    files.push_back({plan.config, Secret(print_init_config(plan))});
    write_together(plan.folder(), files, random_);
  };
  write();
  const Config config = load();
  EXPECT_EQ(config.host, "null");
  const auto& s3 = std::get<S3StoreConfig>(config.store);
  EXPECT_EQ(s3.access_key->reveal(), "AKIA#1");
  EXPECT_EQ(s3.secret_key->reveal(), "a/b+c= \"$x\"");
  EXPECT_THAT(config.jobs[0].services,
              ElementsAre("n8n", "true", "3", "grafana", "waha-2", "odd", "files"));
  EXPECT_EQ(config.find_service("n8n")->settings.secret("api_key")->reveal(), "eyJ.n8n");
  EXPECT_EQ(config.find_service("true")->settings.text("container"), "1e5");
  EXPECT_EQ(config.find_service("waha-2")->settings.text("volume"), "0x1f");
  EXPECT_EQ(config.find_service("odd")->settings.text("path"), odd);
  EXPECT_EQ(config.find_service("files")->settings.list("paths").at(0), odd);
  EXPECT_FALSE(config.find_service("grafana")->settings.has("token"));
  EXPECT_THAT(config.text_without_secrets, Not(HasSubstr("eyJ.n8n")));
  EXPECT_THAT(read(plan.env_file()), HasSubstr("\nGRAFANA_TOKEN=\n"));
  // Once they are filled in and uncommented, that loads too.
  for (const ServiceSecret& open : open_secrets(plan)) {
    plan.service_secrets[open.variable] = secret("filled");
  }
  write();
  EXPECT_EQ(load().find_service("3")->settings.secret("password")->reveal(), "filled");
}

TEST_F(InitCommand, TakesASecretFromTheEnvironment) {
  ::setenv("N8N_API_KEY", "eyJ.secret", 1);
  test::ScriptedEngine engine;
  const std::string volume = path("volumes/n8n");
  test::write_file(volume + "/config", "{}");
  const Json mount = {{"Type", "volume"},
                      {"Name", "n8n_data"},
                      {"Source", volume},
                      {"Destination", "/home/node/.n8n"},
                      {"RW", true}};
  const Json container = {{"Id", "id-n8n"},     {"Names", {"/n8n"}},        {"Image", "n8nio/n8n"},
                          {"State", "running"}, {"Labels", Json::object()}, {"Mounts", {mount}}};
  engine.on("GET /containers/json?all=true",
            test::json_reply(200, Json::array({container}).dump()));
  const Json volumes = {{"Volumes", {{{"Name", "n8n_data"}, {"Mountpoint", volume}}}}};
  engine.on("GET /volumes", test::json_reply(200, volumes.dump()));
  ::setenv("DOCKER_HOST", format("unix://{}", engine.socket_path().native()).c_str(), 1);
  std::vector<std::string> words = enough();
  words.insert(words.end(), {"--all-services"});
  const Outcome made = init(words);
  ::setenv("DOCKER_HOST", "unix:///nonexistent/docker.sock", 1);
  EXPECT_THAT(made.out + made.talk + read(config()), Not(HasSubstr("eyJ.secret")));
  const Config config = load();
  EXPECT_THAT(config.jobs[0].services, ElementsAre("n8n", "live"));
  EXPECT_EQ(config.find_service("n8n")->settings.secret("api_key")->reveal(), "eyJ.secret");
}

TEST(InitChoices, AreNumbersRangesAndNames) {
  const std::vector<Proposal> found{{"n8n", "n8n", {}}, {"2", "volume", {}}, {"db", "mysql", {}}};
  using Chosen = std::vector<bool>;
  EXPECT_EQ(choose_services(found, "all"), Chosen({true, true, true}));
  EXPECT_EQ(choose_services(found, "none"), Chosen({false, false, false}));
  EXPECT_EQ(choose_services(found, "1, 3"), Chosen({true, false, true}));
  EXPECT_EQ(choose_services(found, "2-3"), Chosen({false, true, true}));
  EXPECT_EQ(choose_services(found, "db,2"), Chosen({false, true, true}));
  for (const char* wrong : {"0", "4", "3-2", "1-4", "dbb", "-", "99999999999"}) {
    EXPECT_THROW(choose_services(found, wrong), Error) << wrong;
  }
}

TEST(InitChoices, AHostIsCalledLikeTheMachine) {
  EXPECT_EQ(host_name_from("VPS_h1.example.org"), "vps-h1-example-org");
  EXPECT_EQ(host_name_from("--"), "host");
  EXPECT_EQ(host_name_from("latest"), "host");
  EXPECT_EQ(host_name_from(std::string(80, 'a')), std::string(63, 'a'));
}

TEST(InitProviders, HaveAddressesThatParse) {
  for (const std::string& name : split(provider_names(), ',')) {
    const Provider* provider = find_provider(trim(name));
    ASSERT_NE(provider, nullptr) << name;
    const StoreAddress made = parse_store_address(address_of(*provider, "eu-1", "bucket"));
    EXPECT_TRUE(made.is_s3);
    EXPECT_EQ(made.s3.region, provider->region.empty() ? "eu-1" : provider->region);
    EXPECT_EQ(made.s3.endpoint.empty(), trim(name) == "aws");
  }
  EXPECT_EQ(find_provider("dir:/x"), nullptr);
}

}  // namespace
}  // namespace lifeboat::cli
