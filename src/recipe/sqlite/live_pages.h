// The bytes behind a live SQLite connection, read through SQLite's own file handles. Private to
// src/recipe/sqlite.
#pragma once

#include <sqlite3.h>

#include <array>
#include <optional>

#include "recipe/sqlite/sqlite.h"

namespace lifeboat {

// A file that SQLite has open. The connection must outlive it.
class SqliteFileAccess final : public RandomAccess {
 public:
  SqliteFileAccess(sqlite3_file* file, SqliteDatabase& database)
      : file_(file), database_(database) {}
  uint64_t size() const override;
  // Beyond the end there are zeros, as SQLite reads it.
  void read_at(uint64_t offset, ByteSpan target) override;

 private:
  sqlite3_file* file_;
  SqliteDatabase& database_;
};

sqlite3_file* main_file(SqliteDatabase& database);
sqlite3_file* wal_file(SqliteDatabase& database);

// The head of the WAL index in shared memory: which commit is the newest, and how much of the log
// a checkpoint has already copied. https://www.sqlite.org/walformat.html#walidxfmt
struct WalIndexHead {
  std::array<uint32_t, 12> header{};  // 48 bytes in the machine's byte order
  uint32_t backfilled = 0;            // frames that are in the main file

  uint32_t frame_count() const { return header[4]; }
  std::array<uint32_t, 2> checksum() const { return {header[6], header[7]}; }
  // As it stands in the log's file.
  std::array<std::byte, 8> salt() const;
  bool same_commit(const WalIndexHead& other) const { return header == other.header; }
};

// Nothing while a writer changes it. Only on a connection that has read a WAL database: otherwise
// SQLite would create the shared memory.
std::optional<WalIndexHead> read_wal_head(SqliteDatabase& database);

}  // namespace lifeboat
