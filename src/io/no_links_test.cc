#include "io/no_links.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "io/files.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class NoLinks : public testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(folder_ / "real/inner");
    write_text(folder_ / "real/inner/file", "content");
    fs::create_symlink(folder_ / "real", folder_ / "link");
    fs::create_symlink("file", folder_ / "real/inner/leaf");
  }
  static void write_text(const fs::path& path, const std::string& text) {
    const UniqueFd fd = open_file(path, O_WRONLY | O_CREAT, 0600);
    write_fd(fd.get(), as_bytes(text), path.native(), ErrorKind::service);
  }
  static std::string message_of(const std::function<void()>& attempt) {
    try {
      attempt();
    } catch (const Error& error) {
      return error.message();
    }
    return "no error";
  }
  TempFolder folder_;
};

TEST_F(NoLinks, OpensWhatLiesBelowFoldersAlone) {
  EXPECT_EQ(read_file_without_links(folder_ / "real/inner/file", 100), "content");
  EXPECT_TRUE(open_without_links(folder_ / "real//inner/", O_RDONLY | O_DIRECTORY));
  EXPECT_TRUE(open_without_links("/", O_RDONLY | O_DIRECTORY));
  EXPECT_TRUE(open_without_links(".", O_RDONLY | O_DIRECTORY));
}

TEST_F(NoLinks, ALinkIsRefusedWhereverItIs) {
  for (const char* path : {"link", "link/inner", "link/inner/file", "real/inner/leaf"}) {
    EXPECT_FALSE(open_without_links(folder_ / path, O_RDONLY)) << path;
    EXPECT_TRUE(errno == ELOOP || errno == ENOTDIR) << errno;
  }
  fs::create_symlink(folder_ / "made", folder_ / "real/dangling");
  EXPECT_FALSE(open_without_links(folder_ / "real/dangling", O_WRONLY | O_CREAT, 0600));
  EXPECT_FALSE(fs::exists(folder_ / "made"));
}

TEST_F(NoLinks, NothingIsWaitedFor) {
  const fs::path fifo = folder_ / "fifo";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  EXPECT_THAT(message_of([&] { read_file_without_links(fifo, 100); }), HasSubstr("not a regular"));
  EXPECT_THAT(message_of([&] { read_file(fifo, 100); }), HasSubstr("not a regular"));
}

TEST_F(NoLinks, FollowsLinksOfRootAndOfOurOwnUser) {
  EXPECT_EQ(trusted_path(folder_ / "link/./inner/../inner/leaf"), folder_ / "real/inner/file");
  EXPECT_EQ(trusted_path(folder_ / "link/none/at/all"), folder_ / "real/none/at/all");
  EXPECT_EQ(trusted_path(fs::path("plain").parent_path()), fs::canonical("."));
  fs::create_symlink("round", folder_ / "round");
  EXPECT_THAT(message_of([&] { trusted_path(folder_ / "round"); }), HasSubstr("symbolic links"));
}

TEST_F(NoLinks, FollowsNoOtherUsersLink) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can make another user's link";
  ASSERT_EQ(::lchown((folder_ / "link").c_str(), 12345, 12345), 0);
  EXPECT_THAT(message_of([&] { trusted_path(folder_ / "link/inner/file"); }),
              HasSubstr("is a symbolic link of user 12345"));
}

}  // namespace
}  // namespace lifeboat::test
