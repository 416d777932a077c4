#include "snapshot/run_lock.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include "base/format.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

using testing::HasSubstr;

TEST(RunLock, ExcludesASecondRunAndNamesTheFirst) {
  TempFolder folder;
  const auto directory = folder / "made/on/demand";
  {
    const RunLock lock(directory, "vps-h1");
    EXPECT_EQ(slurp(directory / "vps-h1.lock"), format("{}\n", ::getpid()));
    const std::string text = error_text([&] { RunLock(directory, "vps-h1"); });
    EXPECT_THAT(text, HasSubstr(format("process {}, since 2", ::getpid())));
    EXPECT_THAT(text, HasSubstr("hint: "));
    const RunLock other_host(directory, "vps-h2");
  }
  const RunLock again(directory, "vps-h1");
}

TEST(RunLock, ErrorIsOfItsOwnKind) {
  TempFolder folder;
  const RunLock lock(folder.path(), "h");
  try {
    RunLock(folder.path(), "h");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::locked);
  }
}

TEST(RunLock, APidLeftInTheFileMeansNothing) {
  TempFolder folder;
  write_file(folder / "h.lock", "1\nand more from another time\n");
  const RunLock lock(folder.path(), "h");
  EXPECT_EQ(slurp(folder / "h.lock"), format("{}\n", ::getpid()));
}

TEST(RunLock, EndsWithTheProcessAndIsNotInherited) {
  TempFolder folder;
  const std::string path = (folder / "h.lock").native();
  {
    const RunLock lock(folder.path(), "h");
    EXPECT_EQ(shell(format("flock -n '{}' true", path)).status, 1);
    // A child that outlives the lock must not hold it on.
    shell_ok("sleep 30 >/dev/null 2>&1 & echo $! > '" + path + ".pid'");
  }
  shell_ok(format("flock -n '{}' true", path));
  shell_ok(format("kill $(cat '{}.pid')", path));
}

TEST(RunLock, RefusesLinksAndWrongFolders) {
  TempFolder folder;
  write_file(folder / "victim", "keep");
  std::filesystem::create_symlink(folder / "victim", folder / "h.lock");
  EXPECT_THAT(error_text([&] { RunLock(folder.path(), "h"); }), HasSubstr("h.lock"));
  EXPECT_EQ(slurp(folder / "victim"), "keep");
  EXPECT_THAT(error_text([&] { RunLock(folder / "victim", "h"); }), HasSubstr("victim"));
  EXPECT_THAT(error_text([&] { RunLock(folder.path(), "../h"); }), HasSubstr("not a name"));
}

}  // namespace
}  // namespace lifeboat::test
