#include "recipe/volume/tree.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/format.h"
#include "io/fd.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using test::shell_ok;
using test::slurp;
using test::TempFolder;
using test::write_file;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr size_t large = 3 * 1024 * 1024;

std::string content_of(const Member& member) {
  const auto source = member.open();
  return std::string(as_text(test::drain(*source, 0)));
}

struct Taken {
  std::vector<Member> members;
  std::vector<std::string> contents;
  std::vector<std::string> warnings;

  std::vector<std::string> paths() const {
    std::vector<std::string> all;
    for (const Member& member : members) all.push_back(member.meta.path);
    return all;
  }
  const Member& find(const std::string& path) const {
    for (const Member& member : members) {
      if (member.meta.path == path) return member;
    }
    throw Bug("no member " + path);
  }
  std::string content(const std::string& path) const {
    for (size_t at = members.size(); at-- > 0;) {
      if (members[at].meta.path == path) return contents[at];
    }
    throw Bug("no member " + path);
  }
};

// Reads all members; `between` runs after a member was handed out and before it is read.
Taken take(const fs::path& root, TreeOptions options = {},
           const std::function<void(const Member&)>& between = {}) {
  Taken taken;
  TreeMembers tree(root, std::move(options));
  while (std::optional<Member> member = tree.next()) {
    if (between) between(*member);
    taken.contents.push_back(member->open ? content_of(*member) : "");
    taken.members.push_back(*std::move(member));
  }
  EXPECT_FALSE(tree.next());
  taken.warnings = tree.warnings();
  return taken;
}

TEST(Tree, FoldersComeFirstAndNamesAreSortedBytewise) {
  const TempFolder folder;
  for (const char* name : {"b/x", "b.txt", "a/2", "a/1", "B", "\xff\xfe", "a/sub/deep"}) {
    write_file(folder / name, name);
  }
  fs::create_directory(folder / "empty");
  const Taken taken = take(folder.path());
  EXPECT_THAT(taken.paths(), ElementsAre("B", "a", "a/1", "a/2", "a/sub", "a/sub/deep", "b", "b/x",
                                         "b.txt", "empty", "\xff\xfe"));
  EXPECT_EQ(taken.content("a/sub/deep"), "a/sub/deep");
  EXPECT_EQ(taken.find("a").meta.type, FileType::directory);
  EXPECT_FALSE(taken.find("a").open);
  EXPECT_THAT(taken.warnings, IsEmpty());
}

TEST(Tree, EmptyFolderAndPrefix) {
  const TempFolder folder;
  EXPECT_THAT(take(folder.path()).paths(), IsEmpty());
  ::chmod(folder.path().c_str(), 0751);
  write_file(folder / "x", "1");
  const Taken taken = take(folder.path(), {.prefix = "data"});
  EXPECT_THAT(taken.paths(), ElementsAre("data", "data/x"));
  EXPECT_EQ(taken.members[0].meta.mode, 0751u);
}

TEST(Tree, KeepsContentOfEverySize) {
  const TempFolder folder;
  test::SeededRandom random;
  constexpr size_t edge = 1024 * 1024;
  for (const size_t size : {size_t{0}, size_t{1}, edge - 1, edge, edge + 1, large}) {
    write_file(folder / std::to_string(size), random.bytes(size));
  }
  const Taken taken = take(folder.path());
  EXPECT_EQ(taken.members.size(), 6u);
  for (const Member& member : taken.members) {
    EXPECT_EQ(taken.content(member.meta.path), slurp(folder / member.meta.path));
    EXPECT_EQ(member.size, fs::file_size(folder / member.meta.path));
    EXPECT_EQ(member.may_change, member.size > edge);
  }
}

TEST(Tree, KeepsModesOwnersTimesLinksAndAttributes) {
  const TempFolder folder;
  write_file(folder / "file", "x");
  ::chmod((folder / "file").c_str(), 04750);
  fs::create_symlink("../outside", folder / "link");
  shell_ok(format("touch -d '2001-02-03 04:05:06.123456789 UTC' '{}'", (folder / "file").native()));
  const bool has_xattrs = ::setxattr((folder / "file").c_str(), "user.b", "two", 3, 0) == 0 &&
                          ::setxattr((folder / "file").c_str(), "user.a", "\0\1", 2, 0) == 0;
  const bool is_root = ::geteuid() == 0;
  if (is_root) {
    ASSERT_EQ(::chown((folder / "file").c_str(), 1234567, 7), 0);
    ::chmod((folder / "file").c_str(), 04750);
  }

  const Taken taken = take(folder.path());
  const FileMeta& file = taken.find("file").meta;
  EXPECT_EQ(file.mode, 04750u);
  EXPECT_EQ(file.mtime, parse_time("2001-02-03T04:05:06Z") + std::chrono::nanoseconds(123456789));
  if (is_root) {
    EXPECT_EQ(file.uid, 1234567u);
    EXPECT_EQ(file.gid, 7u);
    EXPECT_EQ(file.user, "");
    EXPECT_EQ(file.group, "lp");
  }
  if (has_xattrs) {
    EXPECT_THAT(file.xattrs, ElementsAre(std::pair("user.a", std::string("\0\1", 2)),
                                         std::pair("user.b", "two")));
  }
  const FileMeta& link = taken.find("link").meta;
  EXPECT_EQ(link.type, FileType::symlink);
  EXPECT_EQ(link.link_target, "../outside");
}

TEST(Tree, HardLinksStayLinks) {
  const TempFolder folder;
  write_file(folder / "a/first", "shared");
  fs::create_hard_link(folder / "a/first", folder / "b");
  fs::create_hard_link(folder / "a/first", folder / "c");
  write_file(folder / "other", "shared");
  const Taken taken = take(folder.path(), {.prefix = "data"});
  EXPECT_EQ(taken.find("data/a/first").meta.type, FileType::file);
  for (const char* path : {"data/b", "data/c"}) {
    EXPECT_EQ(taken.find(path).meta.type, FileType::hardlink);
    EXPECT_EQ(taken.find(path).meta.link_target, "data/a/first");
    EXPECT_FALSE(taken.find(path).open);
  }
  EXPECT_EQ(taken.find("data/other").meta.type, FileType::file);
}

TEST(Tree, SparseFilesKeepTheirHoles) {
  const TempFolder folder;
  shell_ok(
      format("cd '{}' && truncate -s 64M holes && printf begin | dd of=holes conv=notrunc "
             "status=none && printf middle | dd of=holes conv=notrunc bs=1M seek=32 "
             "status=none && truncate -s 16M all-hole && sync holes all-hole",
             folder.path().native()));
  const Taken taken = take(folder.path());
  const Member& holes = taken.find("holes");
  ASSERT_TRUE(holes.meta.is_sparse);
  EXPECT_EQ(holes.size, 64u << 20);
  ASSERT_EQ(holes.meta.extents.size(), 2u);
  EXPECT_EQ(holes.meta.extents[0].offset, 0u);
  EXPECT_EQ(holes.meta.extents[1].offset, 32u << 20);
  const std::string data = taken.content("holes");
  EXPECT_EQ(data.size(), stored_size(holes.meta, *holes.size));
  EXPECT_TRUE(data.starts_with("begin"));
  EXPECT_EQ(data.substr(holes.meta.extents[0].size, 6), "middle");
  EXPECT_TRUE(taken.find("all-hole").meta.is_sparse);
  EXPECT_EQ(taken.content("all-hole"), "");
}

TEST(Tree, SparseFileWithVeryManyRunsStaysBounded) {
  const TempFolder folder;
  const UniqueFd fd(::open((folder / "comb").c_str(), O_RDWR | O_CREAT, 0600));
  for (off_t at = 0; at < 5000; ++at) ASSERT_EQ(::pwrite(fd.get(), "x", 1, at * 16384), 1);
  const Taken taken = take(folder.path());
  const FileMeta& meta = taken.find("comb").meta;
  EXPECT_LE(meta.extents.size(), 4096u);
  EXPECT_EQ(taken.content("comb").size(), stored_size(meta, *taken.find("comb").size));
}

TEST(Tree, LeavesOutWhatCannotBeSavedAndNamesIt) {
  const TempFolder folder;
  ASSERT_EQ(::mkfifo((folder / "pipe").c_str(), 0600), 0);
  const UniqueFd server(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string path = (folder / "sock").native();
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  ASSERT_EQ(::bind(server.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  const Taken taken = take(folder.path());
  EXPECT_THAT(taken.paths(), IsEmpty());
  EXPECT_THAT(taken.warnings, ElementsAre("'pipe' is a FIFO and was left out",
                                          "'sock' is a socket and was left out"));
}

TEST(Tree, OtherFilesystemsAreNotEntered) {
  const TempFolder folder;
  fs::create_directory(folder / "mounted");
  if (test::shell(format("mount -t tmpfs none '{}'", (folder / "mounted").native())).status != 0) {
    GTEST_SKIP() << "mounting is not allowed here";
  }
  write_file(folder / "mounted/inside", "x");
  const Taken taken = take(folder.path());
  shell_ok(format("umount '{}'", (folder / "mounted").native()));
  EXPECT_THAT(taken.paths(), ElementsAre("mounted"));
  EXPECT_THAT(taken.warnings, ElementsAre(HasSubstr("'mounted' is another filesystem")));
}

TEST(Tree, ExcludesByPattern) {
  const TempFolder folder;
  for (const char* name : {"keep", "a.log", "sub/b.log", "cache/x", "sub/cache/x", "sub/y.bin"}) {
    write_file(folder / name, "x");
  }
  const Taken taken = take(folder.path(), {.exclude = {"*.log", "/cache", "sub/*.bin"}});
  EXPECT_THAT(taken.paths(), ElementsAre("keep", "sub", "sub/cache", "sub/cache/x"));
  const TreeCounts counts = count_tree(folder.path(), {.exclude = {"*.log"}});
  EXPECT_EQ(counts.files, 4u);
  EXPECT_EQ(counts.folders, 3u);
}

TEST(Tree, MustHavePathsAreChecked) {
  const TempFolder folder;
  write_file(folder / "conf/key", "x");
  fs::create_symlink("nowhere", folder / "link");
  EXPECT_EQ(take(folder.path(), {.must = {"conf/key", "conf/", "link"}}).members.size(), 3u);
  const auto refusal = [&](const std::string& must, std::vector<std::string> exclude = {}) {
    return error_text([&] { TreeMembers(folder.path(), {.exclude = exclude, .must = {must}}); });
  };
  EXPECT_THAT(refusal("conf/none"), HasSubstr("it must be there and is missing"));
  EXPECT_THAT(refusal("../x"), HasSubstr("not a path inside the folder"));
  EXPECT_THAT(refusal("conf/key", {"conf"}), HasSubstr("'exclude' leaves it out"));
  EXPECT_THAT(error_text([&] { take(folder.path(), {.must = {"zz"}}, {}); }),
              HasSubstr("is missing"));
}

TEST(Tree, MustHavePathThatVanishesFailsTheBackup) {
  const TempFolder folder;
  write_file(folder / "a", "x");
  write_file(folder / "key", "x");
  EXPECT_THAT(error_text([&] {
                take(folder.path(), {.must = {"key"}},
                     [&](const Member&) { fs::remove(folder / "key"); });
              }),
              HasSubstr("key': it must be there and vanished"));
}

TEST(Tree, UnreadableFileOrFolderFailsTheService) {
  if (::geteuid() == 0) {
    // Root reads everything, so ask as somebody who does not.
    ASSERT_EQ(::seteuid(65534), 0);
  }
  {
    const TempFolder folder;
    write_file(folder / "locked", "x");
    ::chmod((folder / "locked").c_str(), 0);
    const std::string text = error_text([&] { take(folder.path()); });
    EXPECT_THAT(text, HasSubstr("locked': "));
    EXPECT_THAT(text, HasSubstr("hint: Run as root, or name it under 'exclude'"));
    EXPECT_THAT(take(folder.path(), {.exclude = {"locked"}}).paths(), IsEmpty());
    fs::create_directory(folder / "dir");
    ::chmod((folder / "dir").c_str(), 0);
    EXPECT_THAT(error_text([&] { take(folder.path(), {.exclude = {"locked"}}); }),
                HasSubstr("dir': "));
    ::chmod((folder / "dir").c_str(), 0700);
  }
  ASSERT_EQ(::seteuid(::getuid()), 0);
}

TEST(Tree, SymbolicLinksAreNeverFollowed) {
  const TempFolder outside;
  write_file(outside / "secret", "x");
  const TempFolder folder;
  write_file(folder / "a", "x");
  fs::create_directory(folder / "dir");
  write_file(folder / "dir/secret", "own");
  // While the walk is at "a", the folder that comes next is replaced by a link out of the tree.
  const Taken taken = take(folder.path(), {}, [&](const Member& member) {
    if (member.meta.path != "dir") return;
    fs::remove_all(folder / "dir");
    fs::create_directory_symlink(outside.path(), folder / "dir");
  });
  EXPECT_THAT(taken.paths(), ElementsAre("a", "dir"));
  EXPECT_THAT(taken.warnings, ElementsAre("folder 'dir' vanished while the tree was read"));
}

TEST(Tree, VanishedFilesAreNamed) {
  const TempFolder folder;
  write_file(folder / "a", "x");
  write_file(folder / "b", "x");
  const Taken taken = take(folder.path(), {}, [&](const Member&) { fs::remove(folder / "b"); });
  EXPECT_THAT(taken.paths(), ElementsAre("a"));
  EXPECT_THAT(taken.warnings, ElementsAre("'b' vanished before it could be read"));
}

TEST(Tree, LargeFileThatChangesIsHandedOutAgain) {
  const TempFolder folder;
  write_file(folder / "big", std::string(large, 'a'));
  fs::create_hard_link(folder / "big", folder / "twin");
  write_file(folder / "last", "x");
  int changes = 0;
  const Taken taken = take(folder.path(), {}, [&](const Member& member) {
    if (member.meta.path != "big" || changes++ > 0) return;
    write_file(folder / "big", std::string(large, 'b') + "more");
  });
  EXPECT_THAT(taken.paths(), ElementsAre("big", "last", "twin", "big", "twin"));
  EXPECT_EQ(taken.contents[0].size(), large) << "no more than was promised";
  EXPECT_EQ(taken.content("big"), std::string(large, 'b') + "more");
  EXPECT_EQ(taken.members.back().meta.type, FileType::hardlink);
  EXPECT_THAT(taken.warnings, IsEmpty());
}

TEST(Tree, HardLinkWhoseFirstNameIsGoneIsACopy) {
  const TempFolder folder;
  write_file(folder / "a", "shared");
  fs::create_hard_link(folder / "a", folder / "b");
  fs::create_hard_link(folder / "a", folder / "c");
  const Taken taken = take(folder.path(), {}, [&](const Member&) { fs::remove(folder / "a"); });
  EXPECT_EQ(taken.find("b").meta.type, FileType::file);
  EXPECT_EQ(taken.content("b"), "shared");
  EXPECT_EQ(taken.find("c").meta.link_target, "b");
}

TEST(Tree, HardLinkWhoseFirstNameIsAnotherFileNowIsACopy) {
  const TempFolder folder;
  write_file(folder / "a", "shared");
  fs::create_hard_link(folder / "a", folder / "b");
  const Taken taken = take(folder.path(), {}, [&](const Member&) {
    write_file(folder / "new", "other");
    fs::rename(folder / "new", folder / "a");
    fs::remove(folder / "c");
    fs::create_hard_link(folder / "b", folder / "c");  // so that b still has two names
  });
  EXPECT_EQ(taken.find("b").meta.type, FileType::file);
  EXPECT_EQ(taken.content("b"), "shared");
}

TEST(Tree, LargeFileThatShrinksEndsEarlyAndComesAgain) {
  const TempFolder folder;
  write_file(folder / "big", std::string(large, 'a'));
  bool is_cut = false;
  const Taken taken = take(folder.path(), {}, [&](const Member&) {
    if (!std::exchange(is_cut, true)) fs::resize_file(folder / "big", 10);
  });
  EXPECT_THAT(taken.contents, ElementsAre("aaaaaaaaaa", "aaaaaaaaaa"));
  EXPECT_EQ(*taken.members[0].size, large);
  EXPECT_TRUE(taken.members[0].may_change);
  EXPECT_EQ(*taken.members[1].size, 10u);
}

TEST(Tree, FileThatNeverSettlesIsNamedAtLast) {
  const TempFolder folder;
  write_file(folder / "big", std::string(large, 'a'));
  const Taken taken = take(folder.path(), {}, [&](const Member&) {
    write_file(folder / "big", slurp(folder / "big") + "+");
  });
  EXPECT_EQ(taken.members.size(), 4u);
  EXPECT_THAT(taken.warnings, ElementsAre("'big' kept changing while it was read"));
}

TEST(Tree, ChangedFileThatVanishesIsNamed) {
  const TempFolder folder;
  write_file(folder / "big", std::string(large, 'a'));
  const Taken taken = take(folder.path(), {}, [&](const Member&) { fs::remove(folder / "big"); });
  EXPECT_EQ(taken.members.size(), 1u);
  EXPECT_THAT(taken.warnings, ElementsAre(HasSubstr("the archive holds a mix")));
}

TEST(Tree, SqliteHookTakesDatabasesAndTheirSideFiles) {
  const TempFolder folder;
  const std::string magic("SQLite format 3\0", 16);
  for (const char* name : {"db-wal", "db-shm", "db-journal", "db-walnut"}) {
    write_file(folder / name, "x");
  }
  write_file(folder / "db", magic + "rest");
  write_file(folder / "raw", magic);
  write_file(folder / "raw-wal", "x");
  const Taken taken =
      take(folder.path(),
           {.sqlite = [&](const fs::path& file, const FileMeta& meta) -> std::optional<Member> {
             EXPECT_EQ(shell_ok(format("ls -l /proc/{}/fd | grep -c '{}$' || true", ::getpid(),
                                       file.native())),
                       "0\n")
                 << "closing a descriptor would drop the hook's locks";
             if (meta.path != "db") return std::nullopt;
             return text_member(meta.path, "snapshot of " + file.filename().native(), meta.mtime);
           }});
  EXPECT_THAT(taken.paths(), ElementsAre("db", "db-walnut", "raw", "raw-wal"));
  EXPECT_EQ(taken.content("db"), "snapshot of db");
  EXPECT_EQ(taken.content("raw"), magic);
}

TEST(Tree, StopInterrupts) {
  const TempFolder folder;
  write_file(folder / "a", "x");
  StopSource stop;
  TreeMembers tree(folder.path(), {.stop = stop.token()});
  stop.request_stop();
  EXPECT_THROW(tree.next(), Interrupted);
}

}  // namespace
}  // namespace lifeboat
