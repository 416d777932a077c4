#include "recipe/volume/locate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "base/format.h"
#include "docker/scripted_engine_test_kit.h"
#include "recipe/volume/glob.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using test::TempFolder;
using testing::HasSubstr;

class Locate : public testing::Test {
 protected:
  fs::path locate_folder(const Service& service) {
    return lifeboat::locate_folder(service, context);
  }
  Service asked(const std::string& volume, const test::EngineReply& reply) {
    engine.on("GET /volumes/" + volume, reply);
    context.docker_socket = engine.socket_path();
    return service_with("volume", volume);
  }

  TempFolder folder;
  test::ScriptedEngine engine;
  test::ManualClock clock;
  test::SeededRandom random;
  RecipeContext context{clock, random, {}, folder.path(), {}, folder / "no-engine.sock"};

  static Service service_with(const std::string& option, const std::string& value) {
    Service service{"web", "volume", {}};
    service.settings.set(option, value);
    return service;
  }
};

TEST_F(Locate, TheEngineTellsWhereAVolumeLies) {
  const Service service = asked(
      "web", test::json_reply(
                 200, format(R"({{"Name": "web", "Mountpoint": "{}"}})", folder.path().native())));
  EXPECT_EQ(locate_folder(service), folder.path());
  fs::create_directories(folder / "web/_data");
  ::setenv("LIFEBOAT_DOCKER_VOLUMES", folder.path().c_str(), 1);
  EXPECT_EQ(locate_folder(service), folder / "web/_data");
  ::unsetenv("LIFEBOAT_DOCKER_VOLUMES");
}

TEST_F(Locate, WithoutAnAnswerItIsTheUsualPlace) {
  const Service service = asked("lifeboat-none", test::json_reply(500, R"({"message": "oops"})"));
  EXPECT_THAT(error_text([&] { locate_folder(service); }),
              HasSubstr("/var/lib/docker/volumes/lifeboat-none/_data"));
}

TEST_F(Locate, FolderByPathOrDockerVolume) {
  EXPECT_EQ(locate_folder(service_with("path", folder.path().native())), folder.path());
  fs::create_directories(folder / "n8n_data/_data");
  ::setenv("LIFEBOAT_DOCKER_VOLUMES", folder.path().c_str(), 1);
  EXPECT_EQ(locate_folder(service_with("volume", "n8n_data")), folder / "n8n_data/_data");
  EXPECT_THAT(error_text([&] { locate_folder(service_with("volume", "other")); }),
              HasSubstr("docker volume ls"));
  for (const char* name : {"../etc", "a/b", ".hidden", "", "a b", "-x", "x\ny"}) {
    EXPECT_THROW(locate_folder(service_with("volume", name)), Error) << name;
  }
  ::unsetenv("LIFEBOAT_DOCKER_VOLUMES");
}

TEST_F(Locate, RefusesWhatIsNoReadableFolder) {
  test::write_file(folder / "file", "x");
  EXPECT_THAT(error_text([&] { locate_folder(service_with("path", (folder / "no").native())); }),
              HasSubstr("hint: Check the service's 'path'"));
  EXPECT_THAT(error_text([&] { locate_folder(service_with("path", (folder / "file").native())); }),
              HasSubstr("hint: Name the folder that holds the file"));
  EXPECT_THAT(error_text([&] { locate_folder(service_with("path", "relative")); }),
              HasSubstr("not an absolute path"));
  EXPECT_THAT(error_text([&] { locate_folder({"web", "volume", {}}); }), HasSubstr("neither"));
  Service both = service_with("path", "/tmp");
  both.settings.set("volume", std::string("x"));
  EXPECT_THAT(error_text([&] { locate_folder(both); }), HasSubstr("both"));
}

TEST(Glob, MatchesAsDocumented) {
  const auto matches = [](const char* pattern, const char* path) {
    return Glob(pattern).matches(path);
  };
  EXPECT_TRUE(matches("*.log", "a.log") && matches("*.log", "x/y/a.log"));
  EXPECT_TRUE(matches("*.log", ".log") && !matches("*.log", "a.log.gz"));
  EXPECT_TRUE(matches("/a", "a") && !matches("/a", "x/a"));
  EXPECT_TRUE(matches("a/*", "a/b") && !matches("a/*", "a/b/c") && !matches("a/*", "a"));
  EXPECT_TRUE(matches("a/**", "a") && matches("a/**", "a/b/c"));
  EXPECT_TRUE(matches("**/c/*.x", "c/1.x") && matches("**/c/*.x", "a/b/c/1.x"));
  EXPECT_TRUE(matches("a/**/z", "a/z") && matches("a/**/z", "a/b/c/z") &&
              !matches("a/**/z", "a/b"));
  EXPECT_TRUE(matches("[ab]?", "b1") && !matches("[ab]?", "c1") && matches("\\*", "*"));
  EXPECT_TRUE(matches("cache/", "x/cache")) << "a final slash changes nothing";
  EXPECT_TRUE(matches("\xff*", "\xff\xfe"));
}

TEST(Glob, ManyStarsStayCheap) {
  std::string pattern = "**";
  std::string path = "a";
  for (int part = 0; part < 200; ++part) {
    pattern += "/a/**";
    path += "/a";
  }
  EXPECT_FALSE(Glob(pattern + "/b").matches(path));
}

TEST(Glob, RefusesWhatMatchesNothing) {
  for (const char* pattern : {"", "/", "a//b", "../x", "a/./b"}) {
    EXPECT_THROW(Glob{pattern}, Error) << pattern;
  }
}

}  // namespace
}  // namespace lifeboat
