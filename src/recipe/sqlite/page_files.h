// A read-only SQLite VFS with one file: the bytes of a RandomAccess. Private to src/recipe/sqlite.
//
// With it the counts, the JSON and the pages of a backup come from the same bytes, whether these
// are a live WAL database held still or an encrypted copy. sqlite3_deserialize would need the whole
// database in memory.
// https://www.sqlite.org/c3ref/vfs.html, https://www.sqlite.org/c3ref/io_methods.html
#pragma once

#include <sqlite3.h>

#include <exception>
#include <string>

#include "recipe/sqlite/sqlite.h"

namespace lifeboat {

class SqliteDatabase::PageFiles {
 public:
  // `pages` must outlive it.
  explicit PageFiles(RandomAccess& pages);
  ~PageFiles();
  PageFiles(const PageFiles&) = delete;
  PageFiles& operator=(const PageFiles&) = delete;

  const char* vfs_name() const { return name_.c_str(); }
  // SQLite knows codes only: what `pages` threw is kept and thrown again here.
  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  struct File;
  static int open(sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags, int* result);
  static int read(sqlite3_file* file, void* target, int size, sqlite3_int64 offset);

  RandomAccess& pages_;
  std::string name_;
  sqlite3_vfs vfs_{};
  std::exception_ptr failure_;
};

}  // namespace lifeboat
