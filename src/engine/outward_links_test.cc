#include "engine/outward_links.h"

#include <gtest/gtest.h>

#include "io/files.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;

TEST(OutwardLinks, LeadNowhereAndOthersStay) {
  const TempFolder folder;
  const fs::path root = folder / "root";
  fs::create_directories(root / "inner");
  fs::create_directories(folder / "outside");
  const std::vector<std::pair<std::string, std::string>> outward = {
      {"absolute", (folder / "outside").native()},
      {"inner/above", "../../outside"},
      {"to a link that leads out", "absolute"},
      {"of the kernel", "/proc/self/root"}};
  const std::vector<std::pair<std::string, std::string>> inward = {
      {"inside", "inner"}, {"inner/up", "../inner"}, {"dangling", "nothing"}, {"loop", "loop"}};
  for (const auto& [name, target] : outward) fs::create_symlink(target, root / name);
  for (const auto& [name, target] : inward) fs::create_symlink(target, root / name);
  cut_outward_links(root, StopToken());
  for (const auto& [name, target] : inward) EXPECT_EQ(fs::read_symlink(root / name), target);
  for (const auto& [name, target] : outward) {
    std::error_code error;
    EXPECT_TRUE(fs::is_symlink(root / name)) << name;
    EXPECT_FALSE(fs::exists(root / name, error)) << name;
  }
}

}  // namespace
}  // namespace lifeboat::test
