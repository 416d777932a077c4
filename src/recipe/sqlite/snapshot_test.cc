#include "recipe/sqlite/snapshot.h"

#include <gmock/gmock.h>
#include <sys/mount.h>
#include <unistd.h>

#include <fstream>
#include <thread>

#include "base/error.h"
#include "support/doubles.h"
#include "support/live_writer.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::error_text;
using testing::HasSubstr;

class SqliteSnapshotTest : public testing::Test {
 protected:
  fs::path path(std::string_view name) const { return folder_ / name; }

  void make(const std::string& sql) { SqliteDatabase(path("db"), SqliteOpen::write).exec(sql); }

  // Reads the snapshot's member to its end into `target`.
  void stream(std::shared_ptr<SqliteSnapshot> snapshot, const fs::path& target,
              size_t step = 65536) {
    FileMeta meta;
    meta.path = "db";
    Member member = snapshot_member(std::move(snapshot), meta);
    const auto source = member.open();
    const Bytes bytes = test::drain(*source, step);
    ASSERT_EQ(bytes.size(), member.size);
    test::write_file(target, bytes);
  }

  std::string cli(const fs::path& file, const std::string& sql) {
    return test::shell_ok("sqlite3 '" + file.native() + "' \"" + sql + "\"");
  }

  test::TempFolder folder_;
  SystemClock clock_;
  test::SeededRandom random_;
  StopSource stop_;
  RecipeContext context_{clock_, random_, stop_.token(), folder_.path()};
};

constexpr const char* some_rows =
    "CREATE TABLE t(id INTEGER PRIMARY KEY, x);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 500)"
    " INSERT INTO t(x) SELECT randomblob(200) FROM n;";

TEST_F(SqliteSnapshotTest, EqualsBackupOfTheRealProgramInBothModesAndAllPageSizes) {
  for (const std::string mode : {"WAL", "DELETE", "TRUNCATE", "PERSIST"}) {
    for (const std::string page_size : {"512", "4096", "65536"}) {
      const fs::path file = path("db" + mode + page_size);
      SqliteDatabase writer(file, SqliteOpen::write);
      writer.exec("PRAGMA page_size = " + page_size + "; PRAGMA journal_mode = " + mode +
                  "; PRAGMA wal_autocheckpoint = 0");
      writer.exec(some_rows);
      if (mode == "WAL") {
        writer.exec("PRAGMA wal_checkpoint(PASSIVE); DELETE FROM t WHERE id % 3 = 0");
      }
      const auto snapshot = SqliteSnapshot::open(file, context_);
      EXPECT_EQ(snapshot->info().is_wal, mode == "WAL");
      EXPECT_EQ(snapshot->info().wal_frames > 0, mode == "WAL");
      const int64_t rows = snapshot->database().query_integer("SELECT count(*) FROM t");
      stream(snapshot, path("ours"), 0);
      cli(file, ".backup '" + path("theirs").native() + "'");
      EXPECT_EQ(cli(path("ours"), "PRAGMA integrity_check; SELECT count(*) FROM t"),
                "ok\n" + std::to_string(rows) + "\n");
      EXPECT_EQ(cli(path("ours"), ".sha3sum"), cli(path("theirs"), ".sha3sum")) << mode;
      EXPECT_EQ(fs::file_size(path("ours")), fs::file_size(path("theirs")));
      fs::remove(path("ours"));
      fs::remove(path("theirs"));
    }
  }
}

TEST_F(SqliteSnapshotTest, ShowsTheMomentItWasOpenedWhateverHappensAfter) {
  make("PRAGMA journal_mode = WAL");
  make(some_rows);
  SqliteDatabase writer(path("db"), SqliteOpen::write);
  writer.exec("PRAGMA busy_timeout = 50");
  // Wholly backfilled: only the main file is read, and the log may be restarted and refilled.
  // Partly backfilled: the log is pinned.
  for (const bool backfilled : {true, false}) {
    writer.exec(backfilled ? "PRAGMA wal_checkpoint(TRUNCATE)"
                           : "UPDATE t SET x = randomblob(100)");
    const auto snapshot = SqliteSnapshot::open(path("db"), context_);
    EXPECT_EQ(snapshot->info().wal_frames == 0, backfilled);
    const int64_t rows = snapshot->database().query_integer("SELECT count(*) FROM t");
    const std::string digest = snapshot->database().query_text("SELECT hex(x) FROM t LIMIT 1");
    for (const char* checkpoint : {"PASSIVE", "FULL", "RESTART", "TRUNCATE"}) {
      writer.exec(
          "UPDATE t SET x = randomblob(300); DELETE FROM t WHERE id IN "
          "(SELECT id FROM t LIMIT 9)");
      writer.exec(std::string("PRAGMA wal_checkpoint(") + checkpoint + ")");
    }
    EXPECT_EQ(snapshot->database().query_integer("SELECT count(*) FROM t"), rows);
    stream(snapshot, path("copy"));
    SqliteDatabase copy(path("copy"), SqliteOpen::copy);
    EXPECT_EQ(copy.query_text("PRAGMA integrity_check"), "ok");
    EXPECT_EQ(copy.query_integer("SELECT count(*) FROM t"), rows);
    EXPECT_EQ(copy.query_text("SELECT hex(x) FROM t LIMIT 1"), digest);
    EXPECT_LT(writer.query_integer("SELECT count(*) FROM t"), rows);
  }
}

TEST_F(SqliteSnapshotTest, HoldsUnderAProcessThatCommitsAndCheckpointsWithoutPause) {
  for (const bool as_wal : {true, false}) {
    const fs::path file = path(as_wal ? "wal" : "rollback");
    test::LiveWriter writer(file, as_wal);
    for (int round = 0; round < 20; ++round) {
      writer.wait_for_commits(5);
      const auto snapshot = SqliteSnapshot::open(file, context_);
      SqliteDatabase& view = snapshot->database();
      EXPECT_EQ(view.query_integer(test::writer_invariant), 1);
      const int64_t entries = view.query_integer("SELECT entries FROM totals");
      stream(snapshot, path("copy"), round % 2 == 0 ? 65536 : 3000);
      SqliteDatabase copy(path("copy"), SqliteOpen::copy);
      ASSERT_EQ(copy.query_text("PRAGMA integrity_check"), "ok") << "round " << round;
      ASSERT_EQ(copy.query_integer(test::writer_invariant), 1) << "round " << round;
      ASSERT_EQ(copy.query_integer("SELECT entries FROM totals"), entries);
    }
    writer.stop();
    EXPECT_EQ(writer.report().failures, 0u);
    EXPECT_LT(writer.report().slowest_commit_ms, 5000u);
  }
}

TEST_F(SqliteSnapshotTest, HoldsUnderAThreadOfThisProcess) {
  make("PRAGMA journal_mode = WAL");
  make(some_rows);
  std::atomic<bool> done = false;
  std::thread thread([&] {
    SqliteDatabase writer(path("db"), SqliteOpen::write);
    writer.exec("PRAGMA wal_autocheckpoint = 10");
    while (!done) writer.exec("UPDATE t SET x = (SELECT max(id) FROM t); PRAGMA wal_checkpoint");
  });
  for (int round = 0; round < 20; ++round) {
    const auto snapshot = SqliteSnapshot::open(path("db"), context_);
    stream(snapshot, path("copy"));
    SqliteDatabase copy(path("copy"), SqliteOpen::copy);
    EXPECT_EQ(copy.query_text("PRAGMA integrity_check"), "ok");
  }
  done = true;
  thread.join();
}

TEST_F(SqliteSnapshotTest, NoticesThatItsLocksWereLost) {
  make("PRAGMA journal_mode = WAL");
  make(some_rows);
  const auto snapshot = SqliteSnapshot::open(path("db"), context_);
  snapshot->verify_held();
  // What a tree walker of the same process would do: opening and closing drops every POSIX lock.
  for (const char* name : {"db", "db-shm"}) std::ifstream(path(name)).get();
  // Another process sees no reader any more.
  cli(path("db"),
      "PRAGMA wal_checkpoint(TRUNCATE); UPDATE t SET x = 1; "
      "PRAGMA wal_checkpoint(TRUNCATE); UPDATE t SET x = 2");
  EXPECT_THAT(error_text([&] { stream(snapshot, path("copy")); }),
              AnyOf(HasSubstr("locks were lost"), HasSubstr("overwritten under our read lock")));
}

TEST_F(SqliteSnapshotTest, LeavesALeftoverLogAsItIsAndReadsIt) {
  make("PRAGMA journal_mode = WAL");
  make(some_rows);
  // A service that was killed: its log lies there with what was committed last.
  const fs::path killed = path("killed");
  {
    SqliteDatabase writer(path("db"), SqliteOpen::write);
    writer.exec("DELETE FROM t WHERE id <= 100");
    fs::copy_file(path("db"), killed);
    fs::copy_file(path("db-wal"), path("killed-wal"));
  }
  const std::string before = test::slurp(path("killed-wal"));
  const auto snapshot = SqliteSnapshot::open(killed, context_);
  EXPECT_EQ(snapshot->database().query_integer("SELECT count(*) FROM t"), 400);
  stream(snapshot, path("copy"));
  EXPECT_EQ(cli(path("copy"), "SELECT count(*) FROM t"), "400\n");
  EXPECT_EQ(test::slurp(path("killed-wal")), before);
}

TEST_F(SqliteSnapshotTest, LeavesNothingBesideADatabaseThatNobodyHasOpen) {
  for (const std::string mode : {"WAL", "DELETE"}) {
    make("PRAGMA journal_mode = " + mode);
    make("CREATE TABLE " + mode + "x(y)");
    stream(SqliteSnapshot::open(path("db"), context_), path("copy"));
    EXPECT_FALSE(fs::exists(path("db-wal")));
    EXPECT_FALSE(fs::exists(path("db-shm")));
    EXPECT_FALSE(fs::exists(path("db-journal")));
    EXPECT_EQ(test::slurp(path("copy")), test::slurp(path("db")));
  }
}

TEST_F(SqliteSnapshotTest, TheTransactionEndsWithTheLastByte) {
  make(some_rows);
  auto snapshot = SqliteSnapshot::open(path("db"), context_);
  EXPECT_FALSE(snapshot->info().is_wal);
  // Rollback mode: the lock is gone before a byte is read.
  make("UPDATE t SET x = 1");
  stream(std::move(snapshot), path("copy"));
  EXPECT_EQ(cli(path("copy"), "SELECT count(*) FROM t WHERE x = 1"), "0\n");

  make("PRAGMA journal_mode = WAL; UPDATE t SET x = 2");
  snapshot = SqliteSnapshot::open(path("db"), context_);
  make("UPDATE t SET x = 3");
  FileMeta meta;
  const auto source = snapshot_member(std::move(snapshot), meta).open();
  SqliteDatabase writer(path("db"), SqliteOpen::write);
  writer.exec("PRAGMA busy_timeout = 0");
  EXPECT_EQ(writer.query_integer("PRAGMA wal_checkpoint(TRUNCATE)"), 1) << "held back";
  test::drain(*source);
  EXPECT_EQ(writer.query_integer("PRAGMA wal_checkpoint(TRUNCATE)"), 0);
}

TEST_F(SqliteSnapshotTest, KeepsNoPlaintextInItsFolder) {
  make("CREATE TABLE t(x); INSERT INTO t VALUES('a very secret sentence')");
  const test::TempFolder spool;
  context_.spool_dir = spool.path();
  const auto snapshot = SqliteSnapshot::open(path("db"), context_);
  EXPECT_TRUE(fs::is_empty(spool.path()));
  const std::string open_files = test::shell_ok("for fd in /proc/" + std::to_string(::getpid()) +
                                                "/fd/*; do readlink $fd | grep -q '" +
                                                spool.path().native() + "' && cat $fd; done; true");
  EXPECT_EQ(open_files.size(), snapshot->size());
  EXPECT_THAT(open_files, Not(HasSubstr("secret")));
}

TEST_F(SqliteSnapshotTest, OddDatabasesAreToldAsWhatTheyAre) {
  const auto why = [&](const char* name) {
    return error_text([&] { SqliteSnapshot::open(path(name), context_); });
  };
  EXPECT_THAT(why("missing"), HasSubstr("no such file"));
  fs::create_directory(path("folder"));
  EXPECT_THAT(why("folder"), HasSubstr("no regular file"));
  test::write_file(path("text"), std::string(5000, 'x'));
  EXPECT_THAT(why("text"), AllOf(HasSubstr("file is not a database"), HasSubstr("hint: Point")));

  make(some_rows);
  fs::resize_file(path("db"), 8192);
  EXPECT_THAT(why("db"), AllOf(HasSubstr("malformed"), HasSubstr("hint: Stop the service")));

  test::write_file(path("empty"), std::string_view());
  EXPECT_EQ(SqliteSnapshot::open(path("empty"), context_)->size(), 0u);
}

TEST_F(SqliteSnapshotTest, StopsWhenAsked) {
  make(some_rows);
  stop_.request_stop();
  EXPECT_THROW(SqliteSnapshot::open(path("db"), context_), Interrupted);
}

TEST_F(SqliteSnapshotTest, AFullSpoolFolderIsALimitError) {
  make(some_rows);
  test::TempFolder folder;
  context_.spool_dir = folder.path();
  if (::mount("tmpfs", folder.path().c_str(), "tmpfs", 0, "size=4k") != 0) {
    GTEST_SKIP() << "mounting a small tmpfs is not permitted here";
  }
  try {
    SqliteSnapshot::open(path("db"), context_);
    ADD_FAILURE() << "a database went into 4 KiB";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_THAT(error.what(), HasSubstr(folder.path().native()));
  }
  ::umount(folder.path().c_str());
}

}  // namespace
}  // namespace lifeboat
