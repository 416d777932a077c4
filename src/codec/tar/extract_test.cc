// What an archive may do to the disk, and what it never may.
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "codec/tar/tar.h"
#include "codec/tar/tar_support.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::tar {
namespace {

using test::error_text;
namespace fs = std::filesystem;

// An extractor into a folder beside which lies something to protect.
class Extract : public testing::Test {
 protected:
  Extract() {
    fs::create_directory(root);
    test::write_file(folder / "outside/precious", "precious");
    extractor = std::make_unique<Extractor>(root, ExtractOptions{});
  }
  ~Extract() override { EXPECT_EQ(test::slurp(folder / "outside/precious"), "precious"); }

  void extract(const FileMeta& meta, std::string_view content = "") {
    MemorySource source(content);
    extractor->extract({meta, content.size(), 0}, &source);
  }
  void link(std::string path, std::string target, FileType type = FileType::symlink) {
    FileMeta meta = meta_of(std::move(path));
    meta.type = type;
    meta.link_target = std::move(target);
    extract(meta);
  }
  void make_folder(std::string path) {
    FileMeta meta = meta_of(std::move(path));
    meta.type = FileType::directory;
    meta.mode = 0555;
    extract(meta);
  }
  std::string refusal(const std::string& path) {
    return error_text([&] { extract(meta_of(path), "x"); });
  }

  test::TempFolder folder;
  fs::path root = folder / "root";
  std::unique_ptr<Extractor> extractor;
};

TEST_F(Extract, refuses_paths_that_lead_elsewhere) {
  const std::string zero("a\0b", 3);
  for (const std::string& path :
       {std::string("../outside/precious"), std::string(".."), std::string("a/../../outside/x"),
        std::string("a/.."), std::string("/etc/lifeboat-test"), std::string("a//b"),
        std::string("a/./b"), std::string("a/"), std::string(), std::string("."), zero}) {
    EXPECT_NE(refusal(path).find("the path"), std::string::npos) << path;
  }
  EXPECT_TRUE(fs::is_empty(root));
}

TEST_F(Extract, never_writes_through_a_symbolic_link) {
  link("in", "../outside");
  link("absolute", (folder / "outside").native());
  link("file", "../outside/precious");
  fs::create_directories(root / "real/inner");
  link("loop", "real");
  for (const char* path :
       {"in/precious", "absolute/new", "in/new/deep", "loop/x", "loop/inner/x"}) {
    EXPECT_NE(refusal(path).find("no folder of the archive"), std::string::npos) << path;
  }
  EXPECT_NE(refusal("file/x").find("no folder of the archive"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder / "outside/new"));
  extract(meta_of("file"), "replaced");
  EXPECT_FALSE(fs::is_symlink(root / "file"));
  EXPECT_EQ(test::slurp(root / "file"), "replaced");
  make_folder("in");
  extract(meta_of("in/precious"), "inside");
  EXPECT_EQ(test::slurp(root / "in/precious"), "inside");
  // A folder's mode, owner and time must not reach through a link that took its name either.
  extractor->finish();
}

TEST_F(Extract, links_hard_only_to_what_was_extracted) {
  extract(meta_of("a"), "content");
  link("b", "a", FileType::hardlink);
  EXPECT_TRUE(fs::equivalent(root / "a", root / "b"));
  link("out", "../outside/precious");
  link("dir", "../outside");
  make_folder("folder");
  for (const char* target :
       {"../outside/precious", "/etc/passwd", "missing", "dir/precious", "folder", "b2"}) {
    EXPECT_NE(error_text([&] { link("b2", target, FileType::hardlink); }), "") << target;
    EXPECT_FALSE(fs::exists(fs::symlink_status(root / "b2"))) << target;
  }
  // Linked to a symbolic link: the link itself, not what it names.
  link("out2", "out", FileType::hardlink);
  EXPECT_TRUE(fs::is_symlink(root / "out2"));
  extract(meta_of("out2"), "x");
  // A file that replaces one name leaves the other alone.
  extract(meta_of("b"), "new");
  EXPECT_EQ(test::slurp(root / "a"), "content");
}

TEST_F(Extract, later_members_replace_files_and_keep_folders) {
  extract(meta_of("a"), "first");
  extract(meta_of("a"), "second");
  EXPECT_EQ(test::slurp(root / "a"), "second");
  make_folder("f");
  make_folder("f");
  EXPECT_NE(refusal("f").find("made a folder there"), std::string::npos);
  EXPECT_NE(refusal("a/x").find("no folder"), std::string::npos);
  make_folder("a");
  EXPECT_TRUE(fs::is_directory(root / "a"));
}

TEST_F(Extract, keeps_its_limits) {
  extractor =
      std::make_unique<Extractor>(root, ExtractOptions{.bytes_max = 10000, .members_max = 3});
  extract(meta_of("a"), "123");
  const auto too_much = error_text([&] { extract(meta_of("b"), std::string(6000, 'b')); });
  EXPECT_NE(too_much.find("more than 9.8 KiB of disk"), std::string::npos);
  extract(meta_of("c"), "45");
  extract(meta_of("d"));
  EXPECT_NE(error_text([&] { extract(meta_of("e")); }).find("more than 3 members"),
            std::string::npos);
  EXPECT_FALSE(fs::exists(root / "b"));
}

// Each of these takes a block of the disk and has hardly any content.
TEST_F(Extract, limits_what_the_disk_takes_and_not_only_content) {
  const ExtractOptions options{.bytes_max = 64 * 1024};
  extractor = std::make_unique<Extractor>(root, options);
  const auto folders = error_text([&] {
    for (int at = 0; at < 20; ++at) make_folder("folder" + std::to_string(at));
  });
  EXPECT_NE(folders.find("more than 64.0 KiB of disk"), std::string::npos) << folders;
  extractor = std::make_unique<Extractor>(root, options);
  FileMeta sparse = meta_of("sparse");
  sparse.is_sparse = true;
  for (uint64_t at = 0; at < 20; ++at) sparse.extents.push_back({at << 20, 1});
  MemorySource source(std::string_view("12345678901234567890"));
  const auto runs = error_text([&] { extractor->extract({sparse, 20 << 20, 0}, &source); });
  EXPECT_NE(runs.find("more than 64.0 KiB of disk"), std::string::npos) << runs;
}

TEST_F(Extract, keeps_no_attributes_of_folders_without_end) {
  const std::string value(60'000, 'v');
  const auto told = error_text([&] {
    for (int at = 0; at < 10'000; ++at) {
      FileMeta meta = meta_of("f" + std::to_string(at % 3));
      meta.type = FileType::directory;
      meta.xattrs = {{"user.x", value}};
      extract(meta);
    }
  });
  EXPECT_NE(told.find("attributes of all folders are more than 512.0 MiB"), std::string::npos);
}

TEST_F(Extract, removes_a_file_that_it_cannot_complete) {
  MemorySource shorter("12");
  EXPECT_NE(error_text([&] {
              extractor->extract({meta_of("a"), 3, 0}, &shorter);
            }).find("cut off"),
            std::string::npos);
  MemorySource longer("1234");
  EXPECT_NE(error_text([&] {
              extractor->extract({meta_of("a"), 3, 0}, &longer);
            }).find("more content"),
            std::string::npos);
  FileMeta odd = meta_of("a");
  odd.is_sparse = true;
  odd.extents = {{2, 2}};
  MemorySource two("12");
  EXPECT_NE(error_text([&] {
              extractor->extract({odd, 3, 0}, &two);
            }).find("exceed"),
            std::string::npos);
  FileMeta owned = meta_of("a");
  owned.uid = UINT32_MAX;
  if (::geteuid() == 0) {
    EXPECT_NE(error_text([&] { extract(owned); }).find("owner"), std::string::npos);
  }
  EXPECT_TRUE(fs::is_empty(root));
}

TEST_F(Extract, drops_setuid_with_the_owner) {
  extractor = std::make_unique<Extractor>(root, ExtractOptions{.restore_owner = false});
  FileMeta meta = meta_of("a");
  meta.mode = 07755;
  meta.uid = 12345;
  extract(meta);
  struct stat status {};
  ASSERT_EQ(::stat((root / "a").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777, 01755u);
  EXPECT_EQ(status.st_uid, ::geteuid());
}

TEST_F(Extract, tells_what_attributes_it_could_not_set) {
  FileMeta meta = meta_of("a");
  meta.xattrs = {{"nonsense.x", "1"}, {"security.lifeboat-no-such\n", ""}, {"user.ok", "1"}};
  extract(meta);
  ASSERT_GE(extractor->warnings().size(), 1u);
  EXPECT_EQ(extractor->warnings()[0],
            "'a': the extended attribute 'nonsense.x' cannot be set here");
  EXPECT_TRUE(fs::exists(root / "a"));
}

TEST_F(Extract, folders_get_their_modes_last) {
  make_folder("locked");
  make_folder("locked/inner");
  extract(meta_of("locked/inner/file"), "x");
  extract(meta_of("made/on/the/way"), "x");
  extractor->finish();
  EXPECT_EQ(fs::status(root / "locked/inner").permissions(), fs::perms(0555));
  struct stat status {};
  ASSERT_EQ(::stat((root / "locked").c_str(), &status), 0);
  EXPECT_EQ(status.st_mtim.tv_sec,
            std::chrono::floor<std::chrono::seconds>(meta_of("").mtime).time_since_epoch().count());
}

TEST_F(Extract, paths_longer_than_the_kernel_takes_at_once) {
  std::string path = "deep";
  for (int i = 0; i < 40; ++i) path += "/" + std::string(200, 'd');
  extract(meta_of(path + "/file"), "x");
  extract(meta_of(path + "/file2"), "x");
  EXPECT_NE(test::shell_ok("cd " + root.native() + " && find . -name 'file*' | wc -l").find("2"),
            std::string::npos);
  const std::string name(256, 'n');
  EXPECT_NE(refusal(name).find("name too long"), std::string::npos);
}

TEST_F(Extract, tells_a_full_disk_with_the_folder) {
  const fs::path small = folder / "small";
  fs::create_directory(small);
  if (::mount("tmpfs", small.c_str(), "tmpfs", 0, "size=1m") != 0) {
    GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  }
  Extractor full(small, {});
  ZeroSource zeros(3 << 20);
  std::string told;
  try {
    full.extract({meta_of("big"), 3 << 20, 0}, &zeros);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_FALSE(error.hints().empty());
    told = error.what();
  }
  EXPECT_EQ(told, "write 'big' in '" + small.native() + "': no space left on device");
  EXPECT_TRUE(fs::is_empty(small));
  EXPECT_EQ(::umount2(small.c_str(), MNT_DETACH), 0);
}

}  // namespace
}  // namespace lifeboat::tar
