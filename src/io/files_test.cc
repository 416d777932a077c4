#include "io/files.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <set>

#include "base/format.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

std::set<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename());
  return names;
}

mode_t mode_of(const fs::path& path) {
  struct stat status {};
  EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
  return status.st_mode & 07777;
}

class Files : public testing::Test {
 protected:
  void put(const fs::path& path, std::string_view content, AtomicFileOptions options = {}) {
    AtomicFile file(path, random_, options);
    file.write(as_bytes(content));
    file.finish();
  }
  TempFolder folder_;
  SeededRandom random_;
};

TEST_F(Files, AtomicFileAppearsWhole) {
  const fs::path path = folder_ / "f";
  {
    AtomicFile file(path, random_);
    file.write(as_bytes("content"));
    EXPECT_FALSE(fs::exists(path));
    ASSERT_EQ(names_in(folder_.path()).size(), 1u);
    const std::string temporary = *names_in(folder_.path()).begin();
    EXPECT_TRUE(is_temporary_name(temporary)) << temporary;
    const UniqueFd other = open_file(folder_ / temporary, O_RDONLY);
    EXPECT_NE(::flock(other.get(), LOCK_EX | LOCK_NB), 0) << "held by its writer";
    file.finish();
  }
  EXPECT_EQ(names_in(folder_.path()), std::set<std::string>{"f"});
  EXPECT_EQ(slurp(path), "content");
  EXPECT_EQ(mode_of(path), 0600u);
}

TEST_F(Files, AtomicFileAbandonedLeavesNothing) {
  { AtomicFile(folder_ / "f", random_).write(as_bytes("content")); }
  EXPECT_THAT(names_in(folder_.path()), IsEmpty());
}

TEST_F(Files, AtomicFileNeverOverwritesUnasked) {
  put(folder_ / "f", "old");
  EXPECT_THAT(error_text([&] { put(folder_ / "f", "new"); }), HasSubstr("it already exists"));
  EXPECT_EQ(slurp(folder_ / "f"), "old");
  put(folder_ / "f", "new", {.mode = 0644, .replace = true});
  EXPECT_EQ(slurp(folder_ / "f"), "new");
  EXPECT_EQ(mode_of(folder_ / "f"), 0644u);
  EXPECT_EQ(names_in(folder_.path()), std::set<std::string>{"f"});
}

TEST_F(Files, AtomicFileTakesItsModeInSpiteOfTheUmask) {
  const mode_t before = ::umask(077);
  put(folder_ / "f", "x", {.mode = 0644});
  ::umask(before);
  EXPECT_EQ(mode_of(folder_ / "f"), 0644u);
}

TEST_F(Files, AtomicFileTakesLongNames) {
  const std::string name(255, 'n');
  put(folder_ / name, "x");
  EXPECT_EQ(names_in(folder_.path()), std::set<std::string>{name});
}

TEST_F(Files, AtomicFileNeedsItsFolder) {
  EXPECT_THAT(error_text([&] { AtomicFile(folder_ / "no/f", random_); }),
              HasSubstr("no such file"));
}

TEST_F(Files, KnowsTemporaryNames) {
  EXPECT_TRUE(is_temporary_name(".x.tmp-0123456789abcdef"));
  EXPECT_TRUE(is_temporary_name(".a.tmp-b.tmp-0123456789abcdef"));
  for (const char* name :
       {"", ".", "x.tmp-0123456789abcdef", ".x.tmp-0123456789abcde", ".x.tmp-0123456789abcdeg",
        ".x.tmp-0123456789abcdef0", ".bashrc", ".x.tmp-"}) {
    EXPECT_FALSE(is_temporary_name(name)) << name;
  }
}

TEST_F(Files, ReadFileIsBounded) {
  write_file(folder_ / "f", "0123456789");
  EXPECT_EQ(read_file(folder_ / "f", 10), "0123456789");
  EXPECT_THAT(error_text([&] { read_file(folder_ / "f", 9); }), HasSubstr("larger than 9 B"));
  EXPECT_THAT(error_text([&] { read_file(folder_ / "no", 9); }), HasSubstr("no such file"));
}

TEST_F(Files, NamelessFileLeavesNoName) {
  const UniqueFd fd = open_nameless_file(folder_.path(), ErrorKind::limit);
  write_fd(fd.get(), as_bytes("secret"), "x", ErrorKind::limit);
  EXPECT_THAT(names_in(folder_.path()), IsEmpty());
  EXPECT_EQ(stat_fd(fd.get(), "x").st_mode & 07777, 0600u);
  EXPECT_THAT(error_text([&] { open_nameless_file(folder_ / "no", ErrorKind::limit); }),
              HasSubstr("create a temporary file in '"));
}

TEST_F(Files, PrivateDirectoriesAreMadeWithParents) {
  make_private_directory(folder_ / "a/b/c", ErrorKind::store);
  EXPECT_EQ(mode_of(folder_ / "a/b/c"), 0700u);
  EXPECT_EQ(mode_of(folder_ / "a"), 0755u);
  make_private_directory(folder_ / "a/b/c", ErrorKind::store);
  make_private_directory(folder_ / "d/", ErrorKind::store);
  EXPECT_EQ(mode_of(folder_ / "d"), 0700u);
  write_file(folder_ / "f", "x");
  EXPECT_THROW(make_private_directory(folder_ / "f", ErrorKind::store), Error);
  EXPECT_THROW(make_private_directory(folder_ / "f/g", ErrorKind::store), Error);
}

TEST_F(Files, RemoveTreeFollowsNoLinks) {
  write_file(folder_ / "victim/keep", "keep");
  write_file(folder_ / "tree/a/b/file", "x");
  fs::create_symlink(folder_ / "victim", folder_ / "tree/link");
  fs::create_symlink("nowhere", folder_ / "tree/a/dangling");
  fs::permissions(folder_ / "tree/a/b", fs::perms::none);
  remove_tree(folder_ / "tree", ErrorKind::limit);
  EXPECT_EQ(names_in(folder_.path()), std::set<std::string>{"victim"});
  EXPECT_EQ(slurp(folder_ / "victim/keep"), "keep");
  remove_tree(folder_ / "tree", ErrorKind::limit);  // missing is fine
  fs::create_symlink(folder_ / "victim", folder_ / "link");
  remove_tree(folder_ / "link", ErrorKind::limit);
  EXPECT_EQ(slurp(folder_ / "victim/keep"), "keep");
}

// Files and folders of one wide folder, whatever their order.
TEST_F(Files, RemoveTreeKnowsNoWidth) {
  fs::create_directory(folder_ / "wide");
  const UniqueFd at = open_file(folder_ / "wide", O_RDONLY | O_DIRECTORY);
  for (int number = 0; number < 5000; ++number) {
    const std::string name = format("{}-{}", std::string(240, 'n'), number);
    ASSERT_EQ(::mkdirat(at.get(), name.c_str(), 0700), 0);
    const UniqueFd file(::openat(at.get(), (name + "f").c_str(), O_CREAT | O_WRONLY, 0600));
    ASSERT_TRUE(file);
  }
  remove_tree(folder_ / "wide", ErrorKind::limit);
  EXPECT_FALSE(fs::exists(folder_ / "wide"));
}

// Deeper than a process may have descriptors, and with side branches all the way down.
TEST_F(Files, RemoveTreeKnowsNoDepth) {
  rlimit descriptors{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &descriptors), 0);
  descriptors.rlim_cur = 256;
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &descriptors), 0);
  UniqueFd at = open_file(folder_.path(), O_RDONLY | O_DIRECTORY);
  for (int level = 0; level < 1000; ++level) {
    for (const char* name : {"deep", "side"}) ASSERT_EQ(::mkdirat(at.get(), name, 0700), 0);
    at = UniqueFd(::openat(at.get(), "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    ASSERT_TRUE(at);
  }
  at.reset();
  remove_tree(folder_ / "deep", ErrorKind::limit);
  EXPECT_EQ(names_in(folder_.path()), std::set<std::string>{"side"});
}

TEST_F(Files, ScratchDirectoryGoesAway) {
  fs::path path;
  {
    ScratchDirectory scratch(folder_.path(), "drill-", random_);
    path = scratch.path();
    EXPECT_EQ(mode_of(path), 0700u);
    write_file(path / "deep/file", "x");
  }
  EXPECT_FALSE(fs::exists(path));
  ScratchDirectory removed(folder_.path(), "drill-", random_);
  removed.remove();
  EXPECT_FALSE(fs::exists(removed.path()));
  EXPECT_THROW(ScratchDirectory(folder_ / "no", "x", random_), Error);
}

}  // namespace
}  // namespace lifeboat::test
