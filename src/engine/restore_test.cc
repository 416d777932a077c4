#include "engine/restore.h"

#include <gtest/gtest.h>

#include "base/exit_code.h"
#include "engine/engine_test_kit.h"
#include "store/counting_store.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;

TEST(Restore, EverythingComesBackAsItWas) {
  EngineKit kit;
  fs::permissions(kit.folder / "files/notes/a.txt", fs::perms(0640));
  const BackupResult backup = kit.backup();
  const RestoreResult result = kit.restore(backup.id, "back");
  EXPECT_EQ(result.members, backup.manifest.members);
  const std::string at = kit.folder.path().native();
  EXPECT_EQ(shell_ok(format("diff -r {0}/files {0}/back/files", at)), "");
  EXPECT_EQ(shell_ok(format("stat -c '%a %Y %u' {0}/files/notes/a.txt", at)),
            shell_ok(format("stat -c '%a %Y %u' {0}/back/files/notes/a.txt", at)));
  EXPECT_EQ(shell_ok(format("stat -c %a {}/back", at)), "700\n");
  EXPECT_TRUE(result.warnings.empty());
}

TEST(Restore, OneServiceAlone) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  kit.restore(backup.id, "back", {"dump"});
  EXPECT_EQ(slurp(kit.folder / "back/dump/dump.txt"), "row 1\ndone\n");
  EXPECT_FALSE(fs::exists(kit.folder / "back/files"));
  EXPECT_FALSE(fs::exists(kit.folder / "back/RESTORE.md"));
}

TEST(Restore, OneMemberOrFolderOfAService) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  kit.restore(backup.id, "one", {"files/notes/a.txt", "dump"});
  EXPECT_EQ(slurp(kit.folder / "one/files/notes/a.txt"), "first\n");
  EXPECT_TRUE(fs::exists(kit.folder / "one/dump/dump.txt"));
  EXPECT_FALSE(fs::exists(kit.folder / "one/files/notes/b.bin"));
  kit.restore(backup.id, "folder", {"files/notes/"});
  EXPECT_TRUE(fs::exists(kit.folder / "folder/files/notes/b.bin"));
  EXPECT_FALSE(fs::is_symlink(kit.folder / "folder/files/link"));
  const std::string text = error_text([&] { kit.restore(backup.id, "no", {"files/note"}); });
  EXPECT_NE(text.find("no such member"), std::string::npos) << text;
  EXPECT_FALSE(fs::exists(kit.folder / "no"));
}

TEST(Restore, RefusesAFullTargetAndUnknownNames) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  const std::string text = error_text([&] { kit.restore(backup.id, "files"); });
  EXPECT_NE(text.find("not an empty folder"), std::string::npos) << text;
  EXPECT_TRUE(fs::exists(kit.folder / "files/notes/a.txt"));
  EXPECT_NE(error_text([&] { kit.restore(backup.id, "x", {"filez"}); }).find("It has: files, dump"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(kit.folder / "x"));
  EXPECT_NE(error_text([&] { kit.cat(backup.id, "files/none"); }).find("no such member"),
            std::string::npos);
}

TEST(Restore, AWrongKeyIsACryptoErrorAndLeavesNothing) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  kit.identities = {age::Identity::generate(kit.random)};
  try {
    kit.restore(backup.id, "back");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::crypto) << error.what();
    EXPECT_FALSE(error.hints().empty());
  }
  EXPECT_FALSE(fs::exists(kit.folder / "back"));
  EXPECT_EQ(
      shell_ok(format("ls -A {} | grep lifeboat-restore | wc -l", kit.folder.path().native())),
      "0\n");
}

TEST(Restore, ADamagedArchiveLeavesNothing) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  Bytes archive = kit.object(backup.id.archive_key());
  archive[archive.size() - 30] ^= std::byte{4};
  kit.replace(backup.id.archive_key(), archive);
  try {
    kit.restore(backup.id, "back");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(exit_code(error.kind()), 7) << error.what();
  }
  EXPECT_FALSE(fs::exists(kit.folder / "back"));
}

TEST(Restore, OneMemberReadsOnlyTheRangesItNeeds) {
  EngineKit kit;
  CountingStore counting(kit.memory);
  write_file(kit.folder / "files/a-big", kit.random.bytes(40 << 20));
  write_file(kit.folder / "files/k-small", "needle");
  write_file(kit.folder / "files/z-big", kit.random.bytes(40 << 20));
  const BackupResult backup = kit.backup(kit.request({kit.files()}));
  ASSERT_GT(backup.manifest.archive.bytes, 80u << 20);
  kit.use(counting);

  EXPECT_EQ(kit.cat(backup.id, "files/k-small"), "needle");
  EXPECT_LT(counting.counts().bytes_read, 160u << 10) << "two chunks of age, of 80 MiB";
  EXPECT_EQ(counting.counts().requests(), 4u) << "manifest, index, header, frame";
  EXPECT_EQ(counting.counts().opens, 4u);

  counting.reset();
  Environment world = kit.environment();
  size_t listed = 0;
  list_members(backup.id, kit.identities, world, [&](const IndexMember&) { ++listed; });
  EXPECT_EQ(listed, backup.manifest.members);
  EXPECT_LT(counting.counts().bytes_read, 64u << 10) << "ls reads manifest and index only";

  counting.reset();
  kit.restore(backup.id, "back", {"files/k-small"});
  EXPECT_EQ(slurp(kit.folder / "back/files/k-small"), "needle");
  EXPECT_LT(counting.counts().bytes_read, 160u << 10);
  EXPECT_EQ(counting.counts().requests(), 4u);

  counting.reset();
  const Bytes big = to_bytes(kit.cat(backup.id, "files/z-big"));
  EXPECT_EQ(big.size(), 40u << 20);
  EXPECT_LT(counting.counts().bytes_read, 46u << 20) << "not the other half";
  EXPECT_LE(counting.counts().requests(), 3u + 2 * 14) << "two for a frame of 3 MiB or more";
}

TEST(Restore, ASelectionOfManyMembersIsNotHeldInMemory) {
  EngineKit kit;
  CountingStore counting(kit.memory);
  for (int i = 0; i < 1'100; ++i) write_file(kit.folder / format("files/many/{}", i), "");
  const BackupResult backup = kit.backup(kit.request({kit.files()}));
  kit.use(counting);
  kit.restore(backup.id, "back", {"files"});
  EXPECT_LE(counting.counts().requests(), 6u) << "manifest, index, header, seek table, frames";
  const std::string at = kit.folder.path().native();
  EXPECT_EQ(shell_ok(format("diff -r {0}/files {0}/back/files", at)), "");
}

TEST(Restore, AShortenedArchiveIsDamageAndNotAFaultOfTheStore) {
  EngineKit kit;
  const BackupResult backup = kit.backup();
  const Bytes archive = kit.object(backup.id.archive_key());
  for (const size_t size : {size_t{0}, size_t{1000}, archive.size() / 2}) {
    kit.replace(backup.id.archive_key(), ByteView(archive).first(size));
    try {
      kit.cat(backup.id, "dump/dump.txt");
      FAIL();
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::verification) << error.what();
      EXPECT_NE(std::string(error.what()).find("bytes where"), std::string::npos) << error.what();
    }
  }
  kit.memory.remove(backup.id.archive_key());
  try {
    kit.cat(backup.id, "dump/dump.txt");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::store) << error.what();
  }
}

}  // namespace
}  // namespace lifeboat::test
