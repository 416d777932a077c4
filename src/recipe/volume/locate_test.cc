#include "recipe/volume/locate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "recipe/volume/glob.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using test::TempFolder;
using testing::HasSubstr;

Service service_with(const std::string& option, const std::string& value) {
  Service service{"web", "volume", {}};
  service.settings.set(option, value);
  return service;
}

TEST(Locate, FolderByPathOrDockerVolume) {
  const TempFolder folder;
  EXPECT_EQ(locate_folder(service_with("path", folder.path().native())), folder.path());
  fs::create_directories(folder / "n8n_data/_data");
  ::setenv("LIFEBOAT_DOCKER_VOLUMES", folder.path().c_str(), 1);
  EXPECT_EQ(locate_folder(service_with("volume", "n8n_data")), folder / "n8n_data/_data");
  EXPECT_THAT(error_text([] { locate_folder(service_with("volume", "other")); }),
              HasSubstr("docker volume ls"));
  for (const char* name : {"../etc", "a/b", ".hidden", "", "a b", "-x", "x\ny"}) {
    EXPECT_THROW(locate_folder(service_with("volume", name)), Error) << name;
  }
  ::unsetenv("LIFEBOAT_DOCKER_VOLUMES");
}

TEST(Locate, RefusesWhatIsNoReadableFolder) {
  const TempFolder folder;
  test::write_file(folder / "file", "x");
  EXPECT_THAT(error_text([&] { locate_folder(service_with("path", (folder / "no").native())); }),
              HasSubstr("hint: Check the service's 'path'"));
  EXPECT_THAT(error_text([&] { locate_folder(service_with("path", (folder / "file").native())); }),
              HasSubstr("hint: Name the folder that holds the file"));
  EXPECT_THAT(error_text([] { locate_folder(service_with("path", "relative")); }),
              HasSubstr("not an absolute path"));
  EXPECT_THAT(error_text([] { locate_folder({"web", "volume", {}}); }), HasSubstr("neither"));
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
