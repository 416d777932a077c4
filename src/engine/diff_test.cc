#include "engine/diff.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine_test_kit.h"
#include "snapshot/run_lock.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

// "added file 'x'", for all entries.
std::vector<std::string> told(const DiffedService& service) {
  std::vector<std::string> lines;
  for (const DiffEntry& entry : service.entries) {
    const char* change = entry.change == Change::added  ? "added"
                         : entry.change == Change::gone ? "gone"
                                                        : "changed";
    lines.push_back(format("{} {} {}", change, entry.kind, entry.name));
  }
  return lines;
}

class DiffTest : public testing::Test {
 protected:
  DiffRequest request(const SnapshotId& id) {
    DiffRequest made;
    made.from = id;
    made.live = {kit.files(), EngineKit::command("dump", script)};
    made.live_expected = {"files", "dump"};
    made.identities = kit.identities;
    made.scratch_dir = kit.folder / "scratch";
    made.lock_dir = kit.folder / "lock";
    made.host = "vps-h1";
    return made;
  }
  DiffResult diff(const DiffRequest& made) {
    Environment world = kit.environment();
    return run_diff(made, world);
  }
  // Nothing restored stays behind, whatever happened.
  void TearDown() override { EXPECT_TRUE(fs::is_empty(kit.folder / "scratch")); }

  EngineKit kit;
  std::string script = "echo row 1; echo done";
};

TEST(Inventories, AreComparedByKindAndId) {
  const DiffedService diff = compare_inventories(
      {{"workflow", "1", "Orders", "a"}, {"workflow", "2", "Old", "b"}, {"tag", "1", "x", "c"}},
      {{"workflow", "3", "New", "d"}, {"workflow", "1", "Orders 2", "z"}, {"tag", "1", "x", "c"}});
  EXPECT_THAT(told(diff),
              ElementsAre("added workflow New", "gone workflow Old", "changed workflow Orders 2"));
  EXPECT_EQ(diff.same, 1u);
  EXPECT_TRUE(diff.differs());
}

TEST(Inventories, ThingsOfOneIdDoNotHideEachOther) {
  const std::vector<InventoryEntry> two = {{"row", "1", "1", "a"}, {"row", "1", "1", "b"}};
  EXPECT_THAT(told(compare_inventories(two, {two[1]})), ElementsAre("changed row 1", "gone row 1"));
  EXPECT_FALSE(compare_inventories(two, {two[1], two[0]}).differs());
}

// As with both sides in memory, whatever the names and kinds.
TEST_F(DiffTest, FilesOneByOneAreComparedAsInventoriesAre) {
  const fs::path from = kit.folder / "from";
  const fs::path to = kit.folder / "to";
  for (const char* name :
       {"a/x", "a/z/deep", "a-b", "a.c", "same", "turns", "\xff", "z/only/here"}) {
    write_file(from / name, "1");
  }
  for (const char* name : {"a/x", "a/y", "a-", "a.c", "a/z.t", "same", "turns/inner", "\xfe"}) {
    write_file(to / name, std::string_view(name) == "a.c" ? "2" : "1");
  }
  fs::create_symlink("a", from / "link");
  fs::create_symlink("b", to / "link");
  Environment world = kit.environment();
  RecipeContext context = world.recipe_context();
  for (const char* name : {"volume", "files", "command"}) {
    const Recipe& recipe = kit.recipes.get(name);
    RestoredService earlier{"s", from, {}};
    RestoredService later{"s", to, {}};
    const DiffedService streamed = compare_states(recipe, earlier, later, context);
    const DiffedService held =
        compare_inventories(recipe.inventory(earlier, context), recipe.inventory(later, context));
    EXPECT_EQ(streamed.entries, held.entries) << name;
    EXPECT_EQ(streamed.same, held.same);
    EXPECT_GT(streamed.same, 1u);
    EXPECT_GT(streamed.entries.size(), 9u);
  }
}

TEST_F(DiffTest, AFolderThatWasEmptyHasOnlyNewFiles) {
  BackupService empty = kit.files();
  empty.service.settings.set("path", (kit.folder / "empty").native());
  fs::create_directory(kit.folder / "empty");
  DiffRequest made = request(kit.backup(kit.request({empty})).id);
  made.live = {empty};
  made.live_expected = {"files"};
  write_file(kit.folder / "empty/new", "1");
  const DiffResult result = diff(made);
  ASSERT_EQ(result.services.size(), 1u);
  EXPECT_EQ(result.services[0].failure, "");
  EXPECT_THAT(told(result.services[0]), ElementsAre("added file new"));
}

TEST_F(DiffTest, NothingChanged) {
  const DiffResult result = diff(request(kit.backup().id));
  EXPECT_EQ(result.from, "vps-h1/2026-05-07");
  EXPECT_EQ(result.to, "live");
  ASSERT_EQ(result.services.size(), 2u);
  for (const DiffedService& service : result.services) {
    EXPECT_EQ(service.state, DiffState::compared) << service.failure;
    EXPECT_THAT(told(service), IsEmpty()) << service.name;
    EXPECT_GT(service.same, 0u);
  }
  EXPECT_FALSE(result.differs());
  EXPECT_FALSE(result.has_failures());
}

TEST_F(DiffTest, TellsWhatTheLiveSideHasAndLacks) {
  const SnapshotId id = kit.backup().id;
  write_file(kit.folder / "files/notes/a.txt", "second\n");
  write_file(kit.folder / "files/new.txt", "new\n");
  fs::remove(kit.folder / "files/link");
  script = "echo row 1; echo row 2";
  const DiffResult result = diff(request(id));
  ASSERT_EQ(result.services.size(), 2u);
  EXPECT_THAT(told(result.services[0]),
              ElementsAre("added file new.txt", "changed file notes/a.txt", "gone link link"));
  EXPECT_THAT(told(result.services[1]), ElementsAre("changed file dump.txt"));
  EXPECT_TRUE(result.differs());
}

TEST_F(DiffTest, OneServiceAlone) {
  const SnapshotId id = kit.backup().id;
  script = "echo other";
  DiffRequest made = request(id);
  made.services = {"files"};
  const DiffResult result = diff(made);
  ASSERT_EQ(result.services.size(), 1u);
  EXPECT_FALSE(result.differs());
  made.services = {"filez"};
  EXPECT_THAT(error_text([&] { diff(made); }), HasSubstr("neither vps-h1/2026-05-07 nor"));
}

TEST_F(DiffTest, AServiceOfOneSideOnly) {
  const SnapshotId id = kit.backup(kit.request({kit.files()})).id;
  DiffRequest made = request(id);
  made.live.erase(made.live.begin());
  made.live_expected = {"dump"};
  const DiffResult result = diff(made);
  ASSERT_EQ(result.services.size(), 2u);
  EXPECT_EQ(result.services[0].state, DiffState::gone);
  EXPECT_EQ(result.services[1].state, DiffState::added);
  made.services = {"dump"};
  EXPECT_EQ(diff(made).services.at(0).state, DiffState::added);
}

TEST_F(DiffTest, ALiveServiceThatCannotBeReadIsNotCalledTheSame) {
  const SnapshotId id = kit.backup().id;
  script = "echo row 1; echo no such table >&2; exit 3";
  const DiffResult result = diff(request(id));
  EXPECT_EQ(result.services[0].state, DiffState::compared);
  EXPECT_EQ(result.services[1].state, DiffState::failed);
  EXPECT_THAT(result.services[1].failure, HasSubstr("no such table"));
  EXPECT_TRUE(result.has_failures());
}

TEST_F(DiffTest, AServiceThatFailedInTheSnapshotIsNotCalledTheSame) {
  const SnapshotId id =
      kit.backup(kit.request({kit.files(), EngineKit::command("dump", "exit 9")})).id;
  const DiffResult result = diff(request(id));
  EXPECT_EQ(result.services[0].state, DiffState::compared);
  EXPECT_EQ(result.services[1].state, DiffState::failed);
  EXPECT_THAT(result.services[1].failure, HasSubstr("it failed when"));
}

TEST_F(DiffTest, AnotherRecipeCannotBeCompared) {
  DiffRequest made = request(kit.backup().id);
  made.live[0].service = EngineKit::command("files", "true").service;
  EXPECT_THAT(diff(made).services[0].failure, HasSubstr("recipe 'volume'"));
}

TEST_F(DiffTest, HooksRunAroundTheLiveSide) {
  DiffRequest made = request(kit.backup().id);
  const std::string log = kit.folder / "hooks";
  const auto say = [&](const std::string& word) {
    return std::vector<std::string>{"bash", "-c", format("echo {} >> {}", word, log)};
  };
  made.live[0].hooks = {{say("before")}, {say("after")}, {say("error")}};
  diff(made);
  EXPECT_EQ(slurp(log), "before\nafter\n");
  made.live[0].service.settings.set("path", (kit.folder / "absent").native());
  EXPECT_TRUE(diff(made).has_failures());
  EXPECT_EQ(slurp(log), "before\nafter\nbefore\nafter\nerror\n");
}

TEST_F(DiffTest, WaitsForNoBackupUnderWay) {
  const DiffRequest made = request(kit.backup().id);
  const RunLock lock(kit.folder / "lock", "vps-h1");
  EXPECT_THAT(error_text([&] { diff(made); }), HasSubstr("lock"));
}

TEST_F(DiffTest, SnapshotAgainstSnapshotNeedsNothingLive) {
  const SnapshotId first = kit.backup().id;
  kit.clock.advance(std::chrono::hours(24));
  write_file(kit.folder / "files/new.txt", "new\n");
  const SnapshotId second = kit.backup(kit.request({kit.files()})).id;
  DiffRequest made = request(first);
  made.live.clear();
  made.live_expected.clear();
  made.to = second;
  const RunLock lock(kit.folder / "lock", "vps-h1");
  const DiffResult result = diff(made);
  EXPECT_EQ(result.to, "vps-h1/2026-05-08");
  ASSERT_EQ(result.services.size(), 2u);
  EXPECT_THAT(told(result.services[0]), ElementsAre("added file new.txt"));
  EXPECT_EQ(result.services[1].state, DiffState::gone);
}

}  // namespace
}  // namespace lifeboat::test
