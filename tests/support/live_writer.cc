#include "support/live_writer.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <new>
#include <string>
#include <thread>

#include "base/error.h"
#include "base/format.h"
#include "recipe/sqlite/sqlite.h"

namespace lifeboat::test {
namespace {

constexpr const char* schema =
    "CREATE TABLE account_a(id INTEGER PRIMARY KEY, amount INTEGER, filler BLOB);"
    "CREATE TABLE account_b(id INTEGER PRIMARY KEY, amount INTEGER, filler BLOB);"
    "CREATE TABLE journal(id INTEGER PRIMARY KEY AUTOINCREMENT, amount INTEGER, note BLOB);"
    "CREATE TABLE totals(entries INTEGER, moved INTEGER);"
    "INSERT INTO totals VALUES(0, 0);"
    "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
    " INSERT INTO account_a SELECT i, 10, randomblob(900) FROM n;"
    "INSERT INTO account_b SELECT * FROM account_a;";

void set_up(const std::filesystem::path& path, bool as_wal) {
  SqliteDatabase database(path, SqliteOpen::write);
  database.exec(as_wal ? "PRAGMA journal_mode = WAL" : "PRAGMA journal_mode = DELETE");
  database.exec(std::string("BEGIN;") + schema + "COMMIT");
}

void transfer(SqliteDatabase& database, uint64_t round) {
  const uint64_t amount = round % 7;
  const uint64_t account = round % 100 + 1;
  std::string sql = format(
      "BEGIN IMMEDIATE;"
      "UPDATE account_a SET amount = amount - {0}, filler = randomblob(900) WHERE id = {1};"
      "UPDATE account_b SET amount = amount + {0} WHERE id = {1};"
      "INSERT INTO journal(amount, note) VALUES({0}, randomblob({2}));"
      "UPDATE totals SET entries = entries + 1, moved = moved + {0};",
      amount, account, round * 37 % 3000);
  if (round % 50 == 49) {
    sql += "UPDATE totals SET entries = 0, moved = 0; DELETE FROM journal;";
  }
  database.exec(sql + "COMMIT");
}

void write_until(int control, const std::filesystem::path& path, bool as_wal,
                 WriterReport& report) {
  constexpr std::array<const char*, 4> checkpoints{"PASSIVE", "FULL", "RESTART", "TRUNCATE"};
  SqliteDatabase database(path, SqliteOpen::write);
  database.exec("PRAGMA busy_timeout = 5000; PRAGMA synchronous = OFF");
  if (as_wal) database.exec("PRAGMA wal_autocheckpoint = 20");
  pollfd end{control, POLLIN | POLLHUP, 0};
  for (uint64_t round = 0; ::poll(&end, 1, 0) == 0; ++round) {
    const auto begun = std::chrono::steady_clock::now();
    transfer(database, round);
    if (as_wal && round % 5 == 0) {
      database.exec(format("PRAGMA wal_checkpoint({})", checkpoints[round / 5 % 4]));
    }
    const auto took = std::chrono::steady_clock::now() - begun;
    const auto took_ms =
        static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
    if (took_ms > report.slowest_commit_ms) report.slowest_commit_ms = took_ms;
    ++report.commits;
  }
}

}  // namespace

LiveWriter::LiveWriter(const std::filesystem::path& database, bool as_wal) {
  set_up(database, as_wal);
  void* shared = ::mmap(nullptr, sizeof(WriterReport), PROT_READ | PROT_WRITE,
                        MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ensure(shared != MAP_FAILED, "mmap");
  report_ = new (shared) WriterReport;
  std::array<int, 2> control{};
  ensure(::pipe2(control.data(), O_CLOEXEC) == 0, "pipe");
  pid_ = ::fork();
  ensure(pid_ >= 0, "fork");
  if (pid_ == 0) {
    ::close(control[1]);
    try {
      write_until(control[0], database, as_wal, *report_);
    } catch (const std::exception&) {
      ++report_->failures;
    }
    ::_exit(0);
  }
  ::close(control[0]);
  control_ = UniqueFd(control[1]);
}

LiveWriter::~LiveWriter() {
  stop();
  ::munmap(report_, sizeof(WriterReport));
}

void LiveWriter::wait_for_commits(uint64_t count) const {
  const uint64_t wanted = report_->commits + count;
  while (report_->commits < wanted && report_->failures == 0) std::this_thread::yield();
}

void LiveWriter::stop() {
  if (pid_ < 0) return;
  control_.reset();
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

}  // namespace lifeboat::test
