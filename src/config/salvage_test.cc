#include "config/salvage.h"

#include <gtest/gtest.h>

#include "config/test_world.h"

namespace lifeboat::test {
namespace {

constexpr std::string_view notify_part =
    "notify:\n"
    "  discord: {webhook: \"${HOOK}\"}\n"
    "  github: {repo: me/infra, token: \"${TOKEN}\"}\n"
    "metrics: {textfile: prom}\n"
    "state_dir: state\n";

class Salvage : public testing::Test {
 protected:
  Salvage() { world_.environment = {{"HOOK", "https://d.example/1/t"}, {"TOKEN", "ghp_12345"}}; }
  Reporting of(const std::string& text) {
    return salvage_reporting(world_.write("lifeboat.yaml", text), world_.options);
  }
  // What is kept of a good file, read back.
  Reporting kept(const std::string& text) {
    const auto path = world_.write("lifeboat.yaml", text);
    world_.write("kept", keep_text(path, load_config(path, world_.options)));
    return salvage_kept(world_.folder / "kept", path, world_.options);
  }
  const std::string good_ = std::string(small_config) + std::string(notify_part);
  World world_;
};

TEST_F(Salvage, AFaultElsewhereHidesNobody) {
  const Reporting found = of(good_ + "retenshun: {daily: 3}\n");
  EXPECT_EQ(found.host, "h1");
  EXPECT_EQ(found.state_dir, world_.folder / "state");
  EXPECT_EQ(found.jobs, std::vector<std::string>{"nightly"});
  EXPECT_EQ(found.metrics.textfile, world_.folder / "prom");
  ASSERT_TRUE(found.notify.discord);
  EXPECT_EQ(found.notify.discord->webhook->reveal(), "https://d.example/1/t");
  ASSERT_TRUE(found.notify.github);
}

TEST_F(Salvage, WhatLacksItsSecretIsLeftOut) {
  world_.environment.erase("TOKEN");
  const Reporting found = of(good_);
  EXPECT_TRUE(found.notify.discord);
  EXPECT_FALSE(found.notify.github);
  EXPECT_TRUE(found.tells_anybody());
}

TEST_F(Salvage, NothingComesFromWhatIsNoYamlOrMissing) {
  EXPECT_FALSE(of("host: [h1\n" + good_).tells_anybody());
  const auto missing = salvage_reporting(world_.folder / "no.yaml", world_.options);
  EXPECT_FALSE(missing.tells_anybody());
  EXPECT_EQ(missing.host, "");
}

TEST_F(Salvage, ThatWhichWasKeptIsReadWithTodaysSecrets) {
  Reporting found = kept(good_);
  EXPECT_EQ(found.host, "h1");
  EXPECT_EQ(found.metrics.textfile, world_.folder / "prom") << "relative to the original";
  ASSERT_TRUE(found.notify.discord);
  world_.environment["HOOK"] = "https://d.example/2/t";
  found = kept(good_);
  EXPECT_EQ(found.notify.discord->webhook->reveal(), "https://d.example/2/t");
}

TEST_F(Salvage, WhatIsKeptHoldsNoSecret) {
  const std::string text =
      std::string(small_config) + "notify: {webhook: {url: 'https://e.example/hidden-word'}}\n";
  EXPECT_FALSE(kept(text).tells_anybody());
  EXPECT_EQ(slurp(world_.folder / "kept").find("hidden-word"), std::string::npos);
}

TEST_F(Salvage, AnotherConfigurationsCopyIsNotOurs) {
  const auto path = world_.write("lifeboat.yaml", good_);
  world_.write("kept", keep_text(path, load_config(path, world_.options)));
  EXPECT_TRUE(salvage_kept(world_.folder / "kept", path, world_.options).tells_anybody());
  const auto other = salvage_kept(world_.folder / "kept", world_.folder / "x", world_.options);
  EXPECT_FALSE(other.tells_anybody());
  std::filesystem::permissions(world_.folder / "kept", std::filesystem::perms(0666));
  EXPECT_FALSE(salvage_kept(world_.folder / "kept", path, world_.options).tells_anybody());
}

}  // namespace
}  // namespace lifeboat::test
