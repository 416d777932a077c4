// A process that writes a SQLite database without pause, as a live service does, and keeps an
// invariant in every transaction. A process, not a thread: POSIX locks are per process.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <filesystem>

#include "io/fd.h"

namespace lifeboat::test {

// What the writer notices, in memory that both processes see.
struct WriterReport {
  std::atomic<uint64_t> commits = 0;
  std::atomic<uint64_t> failures = 0;  // statements that failed, such as by SQLITE_BUSY
  std::atomic<uint64_t> slowest_commit_ms = 0;
};

// True in every committed state: run it, it must give 1.
inline constexpr const char* writer_invariant =
    "SELECT (SELECT sum(amount) FROM account_a) + (SELECT sum(amount) FROM account_b) = 2000 "
    "AND (SELECT count(*) FROM journal) = (SELECT entries FROM totals) "
    "AND (SELECT total(amount) FROM journal) = (SELECT moved FROM totals)";

// Starts to write at construction; `stop` ends it. Waits at most 5 s for locks, as its own busy
// timeout. `as_wal`: WAL with a small autocheckpoint and PASSIVE, FULL, RESTART and TRUNCATE
// checkpoints in turn; otherwise rollback journals.
class LiveWriter {
 public:
  LiveWriter(const std::filesystem::path& database, bool as_wal);
  ~LiveWriter();
  LiveWriter(const LiveWriter&) = delete;
  LiveWriter& operator=(const LiveWriter&) = delete;
  const WriterReport& report() const { return *report_; }
  // Returns when the writer has committed `count` more times, or failed.
  void wait_for_commits(uint64_t count) const;
  // Ends the process. The report stays.
  void stop();

 private:
  pid_t pid_ = -1;
  UniqueFd control_;  // closed: the writer ends
  WriterReport* report_ = nullptr;
};

}  // namespace lifeboat::test
