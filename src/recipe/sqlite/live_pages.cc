#include "recipe/sqlite/live_pages.h"

#include <atomic>
#include <cstring>

#include "base/error.h"

namespace lifeboat {
namespace {

constexpr int wal_index_region_bytes = 32768;
constexpr size_t header_words = 12;
constexpr size_t backfill_word = 2 * header_words;  // two copies of the header come before it

sqlite3_file* file_of(SqliteDatabase& database, int operation) {
  sqlite3_file* file = nullptr;
  const int result = sqlite3_file_control(database.handle(), "main", operation, &file);
  if (result != SQLITE_OK) database.fail(result, "find its open file");
  ensure(file != nullptr && file->pMethods != nullptr, "SQLite has the file open");
  return file;
}

}  // namespace

sqlite3_file* main_file(SqliteDatabase& database) {
  return file_of(database, SQLITE_FCNTL_FILE_POINTER);
}
sqlite3_file* wal_file(SqliteDatabase& database) {
  return file_of(database, SQLITE_FCNTL_JOURNAL_POINTER);
}

uint64_t SqliteFileAccess::size() const {
  sqlite3_int64 size = 0;
  const int result = file_->pMethods->xFileSize(file_, &size);
  if (result != SQLITE_OK) database_.fail(result, "ask the size of its file");
  return static_cast<uint64_t>(size);
}

void SqliteFileAccess::read_at(uint64_t offset, ByteSpan target) {
  const int result = file_->pMethods->xRead(file_, target.data(), static_cast<int>(target.size()),
                                            static_cast<sqlite3_int64>(offset));
  if (result != SQLITE_OK && result != SQLITE_IOERR_SHORT_READ) {
    database_.fail(result, "read its pages");
  }
}

std::array<std::byte, 8> WalIndexHead::salt() const {
  std::array<std::byte, 8> salt;
  std::memcpy(salt.data(), &header[8], salt.size());
  return salt;
}

std::optional<WalIndexHead> read_wal_head(SqliteDatabase& database) {
  sqlite3_file* file = main_file(database);
  void volatile* region = nullptr;
  const int result = file->pMethods->xShmMap(file, 0, wal_index_region_bytes, 0, &region);
  if (result != SQLITE_OK) database.fail(result, "map its shared memory");
  if (region == nullptr) return std::nullopt;
  auto* words = const_cast<uint32_t*>(static_cast<uint32_t volatile*>(region));
  const auto load = [words](size_t at) {
    return std::atomic_ref<uint32_t>(words[at]).load(std::memory_order_seq_cst);
  };
  WalIndexHead head;
  // A writer changes the second copy, then the first, then (on a restart) the backfill count. So
  // the count belongs to the header if that stands in both copies before and after it was read.
  for (size_t at = 0; at < header_words; ++at) head.header[at] = load(at);
  head.backfilled = load(backfill_word);
  for (size_t at = 0; at < header_words; ++at) {
    if (load(header_words + at) != head.header[at] || load(at) != head.header[at]) {
      return std::nullopt;
    }
  }
  return head;
}

}  // namespace lifeboat
