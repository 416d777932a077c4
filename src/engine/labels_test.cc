#include "engine/labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.h"
#include "engine/engine_test_kit.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using Labels = std::map<std::string, std::string>;

class LabelsTest : public testing::Test {
 protected:
  static DockerContainer container(const std::string& name, const std::string& image,
                                   Labels labels) {
    DockerContainer made;
    made.id = "c1";
    made.name = name;
    made.image = image;
    made.labels = std::move(labels);
    return made;
  }
  static void mount(DockerContainer& to, const std::string& volume, const std::string& at) {
    to.mounts.push_back({.type = "volume", .volume = volume, .source = "", .destination = at});
  }
  std::vector<BackupService> services(const DockerContainer& of) {
    return services_of_labels(of, request);
  }
  std::string fault(const DockerContainer& of) {
    const auto all = services(of);
    if (all.size() != 1) return format("{} services", all.size());
    return all.front().fault;
  }

  RecipeRegistry recipes;
  Labels environment{{"N8N_KEY", "n8n-secret"}};
  LabelRequest request{recipes,
                       [this](const std::string& name) -> std::optional<std::string> {
                         const auto found = environment.find(name);
                         return found == environment.end() ? std::nullopt
                                                           : std::optional(found->second);
                       },
                       {}};
};

TEST_F(LabelsTest, TheImageDecidesWhatTheLabelsLeaveOpen) {
  DockerContainer n8n =
      container("root-n8n-1", "docker.n8n.io/n8nio/n8n:2", {{enable_label, "true"}});
  mount(n8n, "other", "/files");
  mount(n8n, "n8n_data", "/home/node/.n8n");
  const auto all = services(n8n);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fault, "");
  EXPECT_EQ(all[0].service.name, "root-n8n-1");
  EXPECT_EQ(all[0].service.recipe, "n8n");
  EXPECT_EQ(all[0].service.settings.text("volume"), "n8n_data");
}

TEST_F(LabelsTest, AnUnknownImageIsItsVolumes) {
  DockerContainer app = container("app", "acme/app",
                                  {{enable_label, "true"},
                                   {"lifeboat.exclude", "cache/**, *.log"},
                                   {"lifeboat.stop", "pause"}});
  mount(app, "app_data", "/data");
  mount(app, "app_more", "/more");
  const auto all = services(app);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].service.name, "app");
  EXPECT_EQ(all[1].service.name, "app-app_more");
  EXPECT_EQ(all[1].service.recipe, "volume");
  EXPECT_EQ(all[1].service.settings.text("volume"), "app_more");
  EXPECT_EQ(all[1].service.settings.list("exclude"),
            (std::vector<std::string>{"cache/**", "*.log"}));
  EXPECT_EQ(all[1].service.settings.text("stop"), "pause");
}

TEST_F(LabelsTest, SecretsComeFromTheEnvironment) {
  Labels labels{{enable_label, "true"},
                {"lifeboat.recipe", "n8n"},
                {"lifeboat.volume", "data"},
                {"lifeboat.api_key_env", "N8N_KEY"}};
  const auto all = services(container("app", "acme/app", labels));
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].fault, "");
  EXPECT_EQ(all[0].service.settings.secret("api_key")->reveal(), "n8n-secret");
  labels["lifeboat.api_key_env"] = "ABSENT";
  EXPECT_THAT(fault(container("app2", "acme/app", labels)), HasSubstr("no variable 'ABSENT'"));
  labels.erase("lifeboat.api_key_env");
  labels["lifeboat.api_key"] = "plain-secret";
  const std::string told = fault(container("app3", "acme/app", labels));
  EXPECT_THAT(told, HasSubstr("lifeboat.api_key_env"));
  EXPECT_THAT(told, testing::Not(HasSubstr("plain-secret")));
}

TEST_F(LabelsTest, WhatMakesNoSenseIsAFaultByName) {
  const auto with = [](Labels labels) {
    DockerContainer made = container("app", "acme/app", std::move(labels));
    mount(made, "data", "/data");
    return made;
  };
  EXPECT_THAT(fault(with({{enable_label, "yes"}})), HasSubstr("neither true nor false"));
  EXPECT_THAT(fault(with({{enable_label, "true"}, {"lifeboat.recipe", "volum"}})),
              HasSubstr("find recipe 'volum'"));
  EXPECT_THAT(fault(with({{enable_label, "true"}, {"lifeboat.exlude", "x"}})),
              HasSubstr("did you mean 'lifeboat.exclude'?"));
  EXPECT_THAT(fault(with({{enable_label, "true"}, {"lifeboat.path", "data"}})),
              HasSubstr("not an absolute path"));
  EXPECT_THAT(fault(with({{enable_label, "true"}, {"lifeboat.recipe", "command"}})),
              HasSubstr("needs the label 'lifeboat.command'"));
  EXPECT_THAT(fault(container("bare", "acme/app", {{enable_label, "true"}})),
              HasSubstr("it has no volume"));
}

TEST_F(LabelsTest, OthersAreLeftAlone) {
  EXPECT_THAT(services(container("app", "n8nio/n8n", {})), IsEmpty());
  EXPECT_THAT(services(container("app", "n8nio/n8n", {{enable_label, "false"}})), IsEmpty());
  EXPECT_THAT(
      services(container("app", "n8nio/n8n", {{enable_label, "true"}, {"lifeboat.drill", "1"}})),
      IsEmpty());
}

TEST_F(LabelsTest, NamesAreNeverTakenTwice) {
  request.names_taken = {"app"};
  DockerContainer app = container("App", "acme/app", {{enable_label, "true"}});
  mount(app, "data", "/data");
  EXPECT_EQ(services(app).at(0).service.name, "app-2");
}

TEST_F(LabelsTest, AnEngineThatIsAwayIsAFaultToo) {
  TempFolder folder;
  ManualClock clock;
  const auto all = labelled_services({.socket = folder / "no.sock"}, clock, request);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_THAT(all[0].fault, HasSubstr("find the containers with labels"));
}

TEST_F(LabelsTest, AFaultFailsItsServiceAndNoOther) {
  EngineKit kit;
  BackupService broken;
  broken.service.name = "app";
  broken.service.recipe = "volume";
  broken.fault = "container 'app': label 'lifeboat.x': no";
  const BackupResult result = kit.backup(kit.request({kit.files(), broken}));
  EXPECT_TRUE(result.manifest.is_partial());
  EXPECT_TRUE(result.manifest.services[0].ok);
  EXPECT_FALSE(result.manifest.services[1].ok);
  EXPECT_THAT(result.manifest.services[1].error, HasSubstr("lifeboat.x"));
}

}  // namespace
}  // namespace lifeboat::test
