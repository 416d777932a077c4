#include "engine/replace.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/engine_test_kit.h"
#include "snapshot/run_lock.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class ReplaceTest : public testing::Test {
 protected:
  ReplaceRequest request(const SnapshotId& id, const BackupService& service) {
    ReplaceRequest made;
    made.id = id;
    made.service = service;
    made.identities = kit.identities;
    made.scratch_dir = kit.folder / "scratch";
    made.lock_dir = kit.folder / "lock";
    made.host = "vps-h1";
    made.before_replace = [this](const DiffedService& diff) { told = diff; };
    return made;
  }
  ReplaceResult replace(const ReplaceRequest& made) {
    Environment world = kit.environment();
    return replace_service(made, world);
  }
  ErrorKind kind_of(const ReplaceRequest& made) {
    try {
      replace(made);
    } catch (const Error& error) {
      text = error.what();
      return error.kind();
    }
    ADD_FAILURE() << "it was replaced";
    return ErrorKind::limit;
  }
  void TearDown() override { EXPECT_TRUE(fs::is_empty(kit.folder / "scratch")); }

  EngineKit kit;
  std::optional<DiffedService> told;
  std::string text;
};

TEST_F(ReplaceTest, TellsWhatWillChangeBeforeItDoes) {
  const SnapshotId id = kit.backup().id;
  write_file(kit.folder / "files/new.txt", "new\n");
  fs::remove(kit.folder / "files/link");
  ReplaceRequest made = request(id, kit.files());
  made.before_replace = [&](const DiffedService& diff) {
    told = diff;
    throw Error(ErrorKind::usage, "not today");
  };
  EXPECT_EQ(kind_of(made), ErrorKind::usage);
  EXPECT_THAT(text, HasSubstr("not today"));
  ASSERT_TRUE(told);
  ASSERT_EQ(told->entries.size(), 2u);
  EXPECT_EQ(told->entries[0].change, Change::gone);   // the file that is live alone
  EXPECT_EQ(told->entries[1].change, Change::added);  // the link that comes back
  EXPECT_TRUE(fs::exists(kit.folder / "files/new.txt"));
}

TEST_F(ReplaceTest, ALiveServiceInRuinsIsNoObstacle) {
  const SnapshotId id = kit.backup().id;
  fs::remove_all(kit.folder / "files");
  ReplaceRequest made = request(id, kit.files());
  made.before_replace = [&](const DiffedService& diff) {
    told = diff;
    throw Error(ErrorKind::usage, "not today");
  };
  EXPECT_EQ(kind_of(made), ErrorKind::usage);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->state, DiffState::failed);
  EXPECT_THAT(told->failure, HasSubstr("files"));
}

TEST_F(ReplaceTest, RefusesWhatDoesNotProveItself) {
  // The probes find fewer files than the facts tell: the recipe's own plan was tricked.
  BackupService broken = kit.files();
  write_file(kit.folder / "files/app.db", "SQLite format 3\0 torn");
  const Bytes torn = to_bytes(std::string("SQLite format 3\0", 16) + std::string(5000, 'x'));
  write_file(kit.folder / "files/app.db", torn);
  const SnapshotId id = kit.backup(kit.request({broken})).id;
  EXPECT_EQ(kind_of(request(id, broken)), ErrorKind::verification);
  EXPECT_THAT(text, HasSubstr("nothing live was touched"));
  EXPECT_FALSE(told);
}

TEST_F(ReplaceTest, RefusesWhatFailedOrIsAbsent) {
  const BackupService dump = EngineKit::command("dump", "exit 9");
  const SnapshotId id = kit.backup(kit.request({kit.files(), dump})).id;
  EXPECT_EQ(kind_of(request(id, dump)), ErrorKind::verification);
  EXPECT_THAT(text, HasSubstr("failed when this snapshot was made"));
  EXPECT_EQ(kind_of(request(id, EngineKit::command("other", "true"))), ErrorKind::usage);
  EXPECT_EQ(kind_of(request(id, EngineKit::command("files", "true"))), ErrorKind::usage);
  EXPECT_THAT(text, HasSubstr("by the recipe 'volume'"));
  EXPECT_FALSE(told);
}

TEST_F(ReplaceTest, ADamagedArchiveReachesNothingLive) {
  const SnapshotId id = kit.backup().id;
  Bytes bytes = kit.object(id.archive_key());
  bytes[bytes.size() / 2] ^= std::byte{1};
  kit.replace(id.archive_key(), bytes);
  EXPECT_THROW(replace(request(id, kit.files())), Error);
  EXPECT_FALSE(told);
}

TEST_F(ReplaceTest, HoldsTheRunLock) {
  const SnapshotId id = kit.backup().id;
  const RunLock lock(kit.folder / "lock", "vps-h1");
  EXPECT_EQ(kind_of(request(id, kit.files())), ErrorKind::locked);
}

// `command` has no way to replace, and the hooks around it are undone all the same.
TEST_F(ReplaceTest, HooksRunAroundItAlsoWhenItFails) {
  BackupService dump = EngineKit::command("dump", "echo row");
  const SnapshotId id = kit.backup(kit.request({dump})).id;
  const std::string log = kit.folder / "hooks";
  const auto say = [&](const std::string& word) {
    return std::vector<std::string>{"bash", "-c", format("echo {} >> {}", word, log)};
  };
  dump.hooks = {{say("before")}, {say("after")}, {}};
  EXPECT_EQ(kind_of(request(id, dump)), ErrorKind::usage);
  EXPECT_EQ(slurp(log), "before\nafter\nbefore\nafter\n");
}

}  // namespace
}  // namespace lifeboat::test
