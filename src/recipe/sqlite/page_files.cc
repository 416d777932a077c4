#include "recipe/sqlite/page_files.h"

#include <cstring>

#include "base/error.h"
#include "base/format.h"

namespace lifeboat {

struct SqliteDatabase::PageFiles::File {
  sqlite3_file base;  // SQLite's view of this structure
  PageFiles* owner;
};

int SqliteDatabase::PageFiles::read(sqlite3_file* file, void* target, int size,
                                    sqlite3_int64 offset) {
  PageFiles& owner = *reinterpret_cast<File*>(file)->owner;
  const ByteSpan span(static_cast<std::byte*>(target), static_cast<size_t>(size));
  const uint64_t total = owner.pages_.size();
  const auto begin = static_cast<uint64_t>(offset);
  const size_t there =
      begin >= total ? 0 : static_cast<size_t>(std::min<uint64_t>(span.size(), total - begin));
  try {
    if (there > 0) owner.pages_.read_at(begin, span.first(there));
  } catch (...) {
    owner.failure_ = std::current_exception();
    return SQLITE_IOERR_READ;
  }
  if (there == span.size()) return SQLITE_OK;
  std::memset(span.data() + there, 0, span.size() - there);  // SQLite's rule for short reads
  return SQLITE_IOERR_SHORT_READ;
}

int SqliteDatabase::PageFiles::open(sqlite3_vfs* vfs, const char*, sqlite3_file* file, int flags,
                                    int* result) {
  static const sqlite3_io_methods methods = [] {
    sqlite3_io_methods made{};
    made.iVersion = 1;
    made.xClose = [](sqlite3_file*) { return SQLITE_OK; };
    made.xRead = &PageFiles::read;
    made.xWrite = [](sqlite3_file*, const void*, int, sqlite3_int64) { return SQLITE_READONLY; };
    made.xTruncate = [](sqlite3_file*, sqlite3_int64) { return SQLITE_READONLY; };
    made.xSync = [](sqlite3_file*, int) { return SQLITE_OK; };
    made.xFileSize = [](sqlite3_file* of, sqlite3_int64* size) {
      const uint64_t bytes = reinterpret_cast<File*>(of)->owner->pages_.size();
      *size = static_cast<sqlite3_int64>(bytes);
      return SQLITE_OK;
    };
    made.xLock = [](sqlite3_file*, int) { return SQLITE_OK; };
    made.xUnlock = [](sqlite3_file*, int) { return SQLITE_OK; };
    made.xCheckReservedLock = [](sqlite3_file*, int* reserved) {
      *reserved = 0;
      return SQLITE_OK;
    };
    made.xFileControl = [](sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; };
    made.xSectorSize = [](sqlite3_file*) { return 4096; };
    // Immutable: no journal is looked for, and the header of a WAL database is taken as it is.
    made.xDeviceCharacteristics = [](sqlite3_file*) { return SQLITE_IOCAP_IMMUTABLE; };
    return made;
  }();
  file->pMethods = nullptr;
  if ((flags & SQLITE_OPEN_MAIN_DB) == 0) return SQLITE_CANTOPEN;
  reinterpret_cast<File*>(file)->owner = static_cast<PageFiles*>(vfs->pAppData);
  file->pMethods = &methods;
  if (result != nullptr) *result = SQLITE_OPEN_READONLY;
  return SQLITE_OK;
}

SqliteDatabase::PageFiles::PageFiles(RandomAccess& pages)
    : pages_(pages), name_(format("lifeboat-{}", static_cast<const void*>(this))) {
  sqlite3_vfs* system = sqlite3_vfs_find(nullptr);
  ensure(system != nullptr, "SQLite has a default VFS");
  vfs_.iVersion = 1;
  vfs_.szOsFile = sizeof(File);
  vfs_.mxPathname = 512;
  vfs_.zName = name_.c_str();
  vfs_.pAppData = this;
  vfs_.xOpen = &PageFiles::open;
  vfs_.xDelete = [](sqlite3_vfs*, const char*, int) { return SQLITE_READONLY; };
  vfs_.xAccess = [](sqlite3_vfs*, const char*, int, int* result) {
    *result = 0;
    return SQLITE_OK;
  };
  vfs_.xFullPathname = [](sqlite3_vfs*, const char* name, int size, char* target) {
    sqlite3_snprintf(size, target, "%s", name);
    return SQLITE_OK;
  };
  vfs_.xRandomness = system->xRandomness;
  vfs_.xSleep = system->xSleep;
  vfs_.xCurrentTime = system->xCurrentTime;
  vfs_.xGetLastError = [](sqlite3_vfs*, int, char*) { return 0; };
  ensure(sqlite3_vfs_register(&vfs_, 0) == SQLITE_OK, "a SQLite VFS can be registered");
}

SqliteDatabase::PageFiles::~PageFiles() { sqlite3_vfs_unregister(&vfs_); }

}  // namespace lifeboat
