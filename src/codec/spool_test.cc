#include "codec/spool.h"

#include <dirent.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/error.h"
#include "crypto/hash.h"
#include "io/fd.h"
#include "io/pipeline.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

// Paths under /proc/self/fd of the open files that have no name in `folder` any more.
std::vector<std::string> nameless_files(const fs::path& folder) {
  std::vector<std::string> found;
  for (const auto& entry : fs::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const std::string target = fs::read_symlink(entry.path(), gone).native();
    if (target.starts_with(folder.native() + "/") && target.ends_with(" (deleted)")) {
      found.push_back(entry.path().native());
    }
  }
  return found;
}

class SpoolSizes : public testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(, SpoolSizes, testing::Values(0, 1, 4095, 4096, 4097, 65536, 3'000'000));

TEST_P(SpoolSizes, gives_back_what_was_written) {
  const test::TempFolder folder;
  test::SeededRandom random(GetParam());
  const Bytes raw = random.text_bytes(GetParam());
  Spool spool(folder.path(), random);
  test::SteppedSource source(raw, 0);
  pump(source, spool);
  spool.finish();
  EXPECT_EQ(spool.summary().bytes, raw.size());
  EXPECT_EQ(spool.summary().sha256, sha256_hex(raw));
  EXPECT_EQ(spool.tail(), as_text(ByteView(raw).last(std::min(raw.size(), spool_tail_bytes))));
  EXPECT_TRUE(fs::is_empty(folder.path()));
  EXPECT_EQ(test::drain(*spool.open(), 0), raw);
  EXPECT_THROW(spool.open(), Bug);
}

TEST(Spool, leaves_no_plaintext_and_no_name_on_disk) {
  const test::TempFolder folder;
  test::SeededRandom random(1);
  std::string text = "password=correct horse battery staple\n";
  {
    Spool spool(folder.path(), random);
    spool.write(as_bytes(text));
    // What does not compress would show as it is.
    const Bytes noise = random.bytes(200'000);
    spool.write(noise);
    spool.finish();
    const auto files = nameless_files(folder.path());
    ASSERT_EQ(files.size(), 1u);
    const std::string disk = test::slurp(files[0]);
    EXPECT_EQ(disk.size(), spool.stored_bytes());
    EXPECT_EQ(disk.substr(0, 21), "age-encryption.org/v1");
    EXPECT_EQ(disk.find("horse"), disk.npos);
    for (size_t at = 0; at < noise.size(); at += 1000) {
      EXPECT_EQ(disk.find(as_text(ByteView(noise).subspan(at, 16))), disk.npos);
    }
  }
  EXPECT_TRUE(nameless_files(folder.path()).empty());
  EXPECT_TRUE(fs::is_empty(folder.path()));
}

TEST(Spool, notices_a_damaged_disk) {
  const test::TempFolder folder;
  test::SeededRandom random(1);
  for (const uint64_t offset : {10u, 190u, 300u, 100'000u}) {
    Spool spool(folder.path(), random);
    spool.write(random.bytes(200'000));
    spool.finish();
    const auto files = nameless_files(folder.path());
    ASSERT_EQ(files.size(), 1u);
    const UniqueFd fd = open_file(files[0], O_RDWR);
    char byte = 0;
    ASSERT_EQ(::pread(fd.get(), &byte, 1, static_cast<off_t>(offset)), 1);
    byte = static_cast<char>(byte ^ 1);
    ASSERT_EQ(::pwrite(fd.get(), &byte, 1, static_cast<off_t>(offset)), 1);
    EXPECT_THROW(test::drain(*spool.open()), Error) << offset;
  }
}

TEST(Spool, is_read_only_when_finished) {
  const test::TempFolder folder;
  test::SeededRandom random(1);
  Spool spool(folder.path(), random);
  spool.write(Bytes(10));
  EXPECT_THROW(spool.open(), Bug);
}

TEST(Spool, makes_a_folder_that_is_missing) {
  const test::TempFolder folder;
  test::SeededRandom random(1);
  const fs::path missing = folder / "missing";
  Spool(missing, random);
  EXPECT_EQ(fs::status(missing).permissions(), fs::perms::owner_all);
}

TEST(Spool, names_a_folder_that_cannot_be_made) {
  const test::TempFolder folder;
  test::SeededRandom random(1);
  test::write_file(folder / "file", "");
  EXPECT_EQ(test::error_text([&] { Spool(folder / "file/spool", random); }),
            "create folder '" + (folder / "file").native() + "': not a directory");
}

TEST(Spool, tells_a_full_disk_with_the_folder) {
  const test::TempFolder folder;
  const fs::path small = folder / "small";
  fs::create_directory(small);
  if (::mount("tmpfs", small.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  }
  {
    test::SeededRandom random(1);
    Spool spool(small, random);
    try {
      spool.write(random.bytes(3 << 20));
      spool.finish();
      ADD_FAILURE() << "3 MiB went into 1 MiB";
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::limit);
      EXPECT_EQ(error.message(), "write 'encrypted spool in " + small.native() +
                                     " (spool_dir)': no space left on device");
      EXPECT_EQ(error.hints().size(), 1u);
    }
  }
  EXPECT_TRUE(fs::is_empty(small));
  EXPECT_EQ(::umount(small.c_str()), 0) << "the spool is gone with its object";
}

}  // namespace
}  // namespace lifeboat
