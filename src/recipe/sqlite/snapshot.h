// A consistent view of a SQLite database that others write while it is read.
//
// Always through SQLite's own locks, and never as a second copy in the clear.
//
// WAL mode: a read transaction is held until the pages were read. While it lasts, no checkpoint
// writes a page of the main file that our view needs, and no writer is kept waiting. The pages are
// those of the main file, or the newest frame of the log up to the transaction's end mark.
//
// Rollback-journal mode: a reader keeps writers from committing, so the lock is held for one pass
// over the file, within open(), into an encrypted file without a name in the spool folder. It
// costs disk (the size of the database, uncompressed) and saves the service: n8n gives up a write
// after 1 s, and an archive may take hours. sqlite3_backup would need its target in the clear.
//
// The trap of POSIX locks: closing *any* descriptor of a file drops all locks that the process has
// on it, SQLite's too. So nothing here opens the database or its -shm a second time: pages, log and
// shared memory are read through SQLite's own handles. Should another part of this process open
// and close the file while a snapshot lives, then the end of the pages tells it as an error.
#pragma once

#include <chrono>
#include <memory>

#include "recipe/recipe.h"
#include "recipe/sqlite/sqlite.h"

namespace lifeboat {

struct SqliteSnapshotInfo {
  bool is_wal = false;
  uint32_t page_size = 0;
  uint64_t page_count = 0;
  uint64_t wal_frames = 0;               // frames of the log that are part of the view
  std::chrono::nanoseconds lock_held{};  // how long writers could not commit; 0 in WAL mode
};

// One thread at a time. The transaction ends with the object.
class SqliteSnapshot final : public RandomAccess {
 public:
  // Throws Error(service) if it is no database, cannot be locked within 30 s or is damaged where
  // that shows; Error(limit) if the spool folder is too small (rollback-journal mode).
  static std::shared_ptr<SqliteSnapshot> open(const std::filesystem::path& path,
                                              RecipeContext& context);
  ~SqliteSnapshot() override;

  const SqliteSnapshotInfo& info() const;
  // The view, to be asked by SQL: the same bytes as below.
  SqliteDatabase& database();

  // The view as a database file.
  uint64_t size() const override;
  void read_at(uint64_t offset, ByteSpan target) override;
  // Throws Error(service) if SQLite's locks were lost since open().
  void verify_held() const;

 private:
  struct State;
  explicit SqliteSnapshot(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

// The member with `meta` whose bytes are the snapshot's; it keeps the snapshot alive until it was
// read.
Member snapshot_member(std::shared_ptr<SqliteSnapshot> snapshot, FileMeta meta);
// For facts: journal mode, page size and count.
Json snapshot_details(const SqliteSnapshotInfo& info);
// Why what comes from `info`'s snapshot agrees with itself, for Facts::consistency.
std::string snapshot_consistency(const SqliteSnapshotInfo& info);
// Whether `path` begins as a SQLite database does. It opens and closes the file: never while a
// snapshot or connection to it lives.
bool is_sqlite_file(const std::filesystem::path& path);

}  // namespace lifeboat
