// What the contract does not say: modes, leftovers, links, missing disks.
#include "store/dir_store.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "base/error.h"
#include "base/format.h"
#include "io/files.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class DirStoreTest : public testing::Test {
 protected:
  void put(const std::string& key, std::string_view content) {
    const auto sink = store_->create(key);
    sink->write(as_bytes(content));
    sink->finish();
  }
  size_t listed() { return store_->list("").size(); }
  // Everything below the store's folder, as find(1) shows it.
  std::string found() { return shell_ok(format("cd '{}' && find . | sort", path_.native())); }
  // A temporary file as a killed run leaves it: nobody holds its lock.
  fs::path leave_behind(const std::string& folder) {
    const fs::path path = path_ / folder / ".backup.tar.tmp-0123456789abcdef";
    write_file(path, "half an archive");
    return path;
  }

  TempFolder folder_;
  SystemRandom random_;
  fs::path path_ = folder_ / "store";
  std::unique_ptr<DirStore> store_ = DirStore::make(path_, random_);
};

TEST_F(DirStoreTest, ObjectsAreFilesOfTheOwnerOnly) {
  put("host/2026-05-07/manifest.json", "{}");
  EXPECT_EQ(slurp(path_ / "host/2026-05-07/manifest.json"), "{}");
  EXPECT_EQ(shell_ok(format("cd '{}' && stat -c '%a %n' . host host/* host/*/*", path_.native())),
            "700 .\n700 host\n700 host/2026-05-07\n600 host/2026-05-07/manifest.json\n");
  EXPECT_EQ(store_->name(), "dir:" + path_.native());
}

TEST_F(DirStoreTest, MissingFolderIsToldAndNeverMade) {
  const std::string missing = error_text([&] { DirStore(folder_ / "none", random_); });
  EXPECT_THAT(missing, HasSubstr("none': no such file or directory"));
  EXPECT_THAT(missing, HasSubstr("hint: Mount the disk"));
  write_file(folder_ / "file", "x");
  EXPECT_THAT(error_text([&] { DirStore(folder_ / "file", random_); }),
              HasSubstr("not a directory"));
  remove_tree(path_, ErrorKind::limit);  // the disk is unplugged
  for (const auto& use : std::vector<std::function<void()>>{
           [&] { store_->list(""); }, [&] { store_->stat("a/b"); }, [&] { store_->open("a/b"); },
           [&] { store_->create("a/b"); }, [&] { store_->remove("a/b"); },
           [&] { store_->copy("a/b", "c"); }, [&] { store_->sweep_leftovers(""); }}) {
    EXPECT_THAT(error_text(use), HasSubstr("hint: Mount the disk"));
  }
  EXPECT_FALSE(fs::exists(path_));
}

TEST_F(DirStoreTest, AbandonedLeavesNotEvenFolders) {
  put("host/kept", "x");
  const std::string before = found();
  {
    const auto sink = store_->create("host/2026-05-07/backup");
    sink->write(as_bytes("half"));
    EXPECT_NE(found(), before);
  }
  EXPECT_EQ(found(), before);
}

TEST_F(DirStoreTest, RemoveTakesEmptyFoldersAlong) {
  put("host/2026-05-07/a", "x");
  put("host/2026-05-08/a", "x");
  store_->remove("host/2026-05-07/a");
  EXPECT_EQ(found(), ".\n./host\n./host/2026-05-08\n./host/2026-05-08/a\n");
  store_->remove("host/2026-05-08/a");
  EXPECT_EQ(found(), ".\n");
}

TEST_F(DirStoreTest, WhatIsNoObjectIsNotSeen) {
  put("host/object", "x");
  write_file(folder_ / "outside/secret", "x");
  fs::create_symlink(folder_ / "outside", path_ / "host/folder-link");
  fs::create_symlink(folder_ / "outside/secret", path_ / "host/link");
  write_file(path_ / "host/with space", "x");
  write_file(path_ / "lost+found/x", "x");
  write_file(path_ / ".hidden/x", "x");
  ASSERT_EQ(::mkfifo((path_ / "host/fifo").c_str(), 0600), 0);
  leave_behind("host");
  EXPECT_EQ(listed(), 1u);
  for (const char* key : {"host/link", "host/fifo", "host"}) {
    EXPECT_FALSE(store_->stat(key)) << key;
    EXPECT_THAT(error_text([&] { store_->open(key); }), HasSubstr("no such object"));
  }
}

TEST_F(DirStoreTest, TellsWhenAnObjectIsCutWhileItIsRead) {
  put("a", std::string(1000, 'x'));
  const auto source = store_->open("a");
  fs::resize_file(path_ / "a", 500);
  EXPECT_THAT(error_text([&] { drain(*source); }), HasSubstr("it ends before"));
}

TEST_F(DirStoreTest, FailsWhereAFolderIsInTheWay) {
  put("a/b", "x");
  EXPECT_THROW(put("a", "x"), Error);
  EXPECT_THROW(store_->create("a/b/c"), Error);
  EXPECT_EQ(found(), ".\n./a\n./a/b\n");
}

TEST_F(DirStoreTest, SweepsLeftoversOfKilledRunsOnly) {
  put("host/object", "x");
  const fs::path leftover = leave_behind("killed/2026-05-07");
  write_file(path_ / "host/.bashrc", "not ours");
  const auto living = store_->create("host/living");
  living->write(as_bytes("in use"));

  EXPECT_EQ(store_->sweep_leftovers("host/"), 0u) << "another host's are not ours to judge";
  EXPECT_EQ(store_->sweep_leftovers("killed/2026-05-08/"), 0u);
  EXPECT_EQ(store_->sweep_leftovers(""), 1u) << "but not the one in use";
  EXPECT_FALSE(fs::exists(leftover));
  EXPECT_FALSE(fs::exists(path_ / "killed")) << "folders that became empty go too";
  EXPECT_TRUE(fs::exists(path_ / "host/.bashrc"));
  living->finish();
  EXPECT_EQ(listed(), 2u);
  EXPECT_EQ(store_->sweep_leftovers(""), 0u);
}

TEST_F(DirStoreTest, AKilledWriterLeavesWhatASweepRemoves) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  const pid_t writer = ::fork();
  if (writer == 0) {
    const auto sink = store_->create("host/2026-05-07/backup");
    sink->write(as_bytes("half"));
    (void)!::write(ends[1], "x", 1);
    for (;;) ::pause();
  }
  char ready = 0;
  ASSERT_EQ(::read(ends[0], &ready, 1), 1);
  EXPECT_EQ(store_->sweep_leftovers(""), 0u) << "it lives";
  ASSERT_EQ(::kill(writer, SIGKILL), 0);
  ASSERT_EQ(::waitpid(writer, nullptr, 0), writer);
  EXPECT_EQ(listed(), 0u);
  EXPECT_EQ(store_->sweep_leftovers(""), 1u);
  EXPECT_EQ(found(), ".\n");
  ::close(ends[0]);
  ::close(ends[1]);
}

TEST_F(DirStoreTest, FullDiskLeavesNothing) {
  const fs::path small = folder_ / "small";
  fs::create_directory(small);
  if (shell(format("mount -t tmpfs -o size=1m none '{}'", small.native())).status != 0) {
    GTEST_SKIP() << "cannot mount a small tmpfs here";
  }
  {
    DirStore store(small, random_);
    const auto sink = store.create("a/b");
    const std::string text = error_text([&] { sink->write(SeededRandom().bytes(2 << 20)); });
    EXPECT_THAT(text, HasSubstr("no space left"));
    EXPECT_THAT(text, HasSubstr("hint: Free some space"));
  }
  EXPECT_TRUE(fs::is_empty(small));
  shell_ok(format("umount '{}'", small.native()));
}

}  // namespace
}  // namespace lifeboat::test
