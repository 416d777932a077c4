// SQLite, as recipes use it: connections and statements that clean up after themselves, every error
// an Error(service) with SQLite's own words, long work ended by the stop token.
//
// One thread at a time. Only src/recipe/sqlite includes sqlite3.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/stop.h"
#include "io/source.h"

struct sqlite3;
struct sqlite3_stmt;

namespace lifeboat {

enum class SqliteOpen {
  // A database that others write now. Reads only, waits up to 30 s for locks, never checkpoints,
  // keeps temporary tables out of files. SQLite may still roll back a crashed writer's journal.
  live,
  // A restored copy that nobody writes: no locks, and nothing is created beside it.
  copy,
  // Our own, for tests and sabotage; created if missing.
  write,
};

class SqliteDatabase;

// One prepared statement; columns and parameters count from 0 and 1, as in SQLite. It must not
// outlive its database.
class SqliteStatement {
 public:
  // True: a row is there. False: the statement is done.
  bool step();
  // Binds `value` to parameter `index` after a reset.
  SqliteStatement& rebind(int index, std::string_view value);

  int columns() const;
  std::string column_name(int column) const;
  // The declared type in lower case ("datetime(3)"), empty for expressions.
  std::string declared_type(int column) const;
  bool is_null(int column) const;
  bool is_integer(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;
  bool is_real(int column) const;
  // Valid until the next step or rebind.
  std::string_view text(int column) const;

 private:
  friend class SqliteDatabase;
  SqliteStatement(SqliteDatabase& database, std::string_view sql);
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };

  SqliteDatabase& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class SqliteDatabase {
 public:
  SqliteDatabase(const std::filesystem::path& path, SqliteOpen mode, StopToken stop = {});
  // Reads the database that `pages` holds; `name` is for messages. Errors of `pages` pass through.
  SqliteDatabase(RandomAccess& pages, std::string name, StopToken stop = {});
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  // Runs statements that give no rows, or whose rows do not matter.
  void exec(const std::string& sql);
  SqliteStatement prepare(std::string_view sql) { return {*this, sql}; }
  // The first column of the first row. Throws Error(service) if there is no row.
  int64_t query_integer(std::string_view sql);
  std::string query_text(std::string_view sql);
  // The first column of all rows.
  std::vector<std::string> query_list(std::string_view sql);
  bool has_table(std::string_view name);

  sqlite3* handle() { return connection_.get(); }
  const std::string& name() const { return name_; }
  // Throws what `result`, a code other than SQLITE_OK, means.
  [[noreturn]] void fail(int result, std::string_view attempted);

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  class PageFiles;  // the read-only VFS over `pages`

  void open(const std::string& uri, int flags, const char* vfs);

  std::string name_;
  StopToken stop_;
  bool is_live_ = false;
  std::chrono::steady_clock::time_point waiting_since_{};
  std::unique_ptr<PageFiles> page_files_;
  std::unique_ptr<sqlite3, Close> connection_;
};

// "name" quoted as an SQL identifier.
std::string sql_name(std::string_view name);

}  // namespace lifeboat
