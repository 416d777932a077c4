#include "io/own_directory.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class OwnDirectory : public testing::Test {
 protected:
  std::string refusal(const fs::path& path) {
    return test::error_text([&] { make_own_directory(path, ErrorKind::config); });
  }
  test::TempFolder folder_;
};

TEST_F(OwnDirectory, IsMadePrivate) {
  make_own_directory(folder_ / "a/b", ErrorKind::config);
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "a/b").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0700U);
  make_own_directory(folder_ / "a/b/", ErrorKind::config);
}

TEST_F(OwnDirectory, OneThatOthersMayWriteToIsRefusedUnlessItIsSticky) {
  const fs::path shared = folder_ / "shared";
  fs::create_directory(shared);
  for (const mode_t mode : {0755U, 01777U, 0700U}) {
    ASSERT_EQ(::chmod(shared.c_str(), mode), 0);
    make_own_directory(shared, ErrorKind::config);
  }
  for (const mode_t mode : {0777U, 0770U, 0702U}) {
    ASSERT_EQ(::chmod(shared.c_str(), mode), 0);
    EXPECT_THAT(refusal(shared), HasSubstr("others may write to it (mode 0"));
  }
}

TEST_F(OwnDirectory, OneOfAnotherUserIsRefusedAndSoIsTheirLink) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  constexpr uid_t nobody = 65534;
  fs::create_directory(folder_ / "theirs");
  ASSERT_EQ(::chown((folder_ / "theirs").c_str(), nobody, nobody), 0);
  EXPECT_THAT(refusal(folder_ / "theirs"), HasSubstr("it belongs to user 65534"));
  fs::create_directory(folder_ / "ours");
  fs::create_directory_symlink(folder_ / "ours", folder_ / "link");
  make_own_directory(folder_ / "link", ErrorKind::config);
  ASSERT_EQ(::lchown((folder_ / "link").c_str(), nobody, nobody), 0);
  EXPECT_THAT(refusal(folder_ / "link"), HasSubstr("is a symbolic link of user 65534"));
}

}  // namespace
}  // namespace lifeboat
