#include "recipe/sqlite/sqlite.h"

#include <poll.h>
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <mutex>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/no_links.h"
#include "recipe/sqlite/page_files.h"

namespace lifeboat {
namespace {

constexpr std::chrono::seconds busy_wait_max{30};
constexpr int busy_pause_ms = 2;
constexpr int progress_every = 10000;  // virtual machine steps between looks at the stop token

// "file:/a%20b?immutable=1": '%', '?' and '#' have a meaning in SQLite's URIs.
std::string file_uri(const std::filesystem::path& path, std::string_view query) {
  std::string uri = "file:";
  for (const char letter : path.native()) {
    if (letter == '%' || letter == '?' || letter == '#') {
      uri += format("%{:02x}", static_cast<unsigned char>(letter));
    } else {
      uri += letter;
    }
  }
  return uri + std::string(query);
}

std::string hint_for(int result) {
  switch (result & 0xFF) {
    case SQLITE_NOTADB:
      return "Point the path to the SQLite database itself; an encrypted one cannot be read.";
    case SQLITE_CORRUPT:
      return "Stop the service and look with: sqlite3 FILE 'PRAGMA integrity_check'. "
             "An earlier backup may be the way out.";
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return "Another program holds the database for itself; try again when it is less busy.";
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
      return "Reading a live SQLite database needs write access to it and its folder (for the -shm "
             "file and to roll back a crashed writer): run as root, on a writable mount.";
    case SQLITE_IOERR:
    case SQLITE_FULL:
      return "Look at the disk: dmesg, df.";
    default:
      return "";
  }
}

// A database lies where others write, and SQLite opens by name what lies beside it. So its files
// are opened without following links, and the one file that a journal may name as it likes, to be
// removed afterwards (the super-journal of a commit over several databases), is not opened at all.
void register_careful_files() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite3_vfs* system = sqlite3_vfs_find("unix");
    ensure(system != nullptr, "SQLite has its files of Unix");
    const auto open_call = [](const char* path, int flags, int mode) {
      return open_without_links(path, flags, static_cast<mode_t>(mode)).release();
    };
    system->xSetSystemCall(system, "open",
                           reinterpret_cast<sqlite3_syscall_ptr>(
                               static_cast<int (*)(const char*, int, int)>(open_call)));
    static sqlite3_vfs careful = *system;
    static const auto open_file = system->xOpen;
    careful.zName = "lifeboat-files";
    careful.pNext = nullptr;
    careful.xOpen = [](sqlite3_vfs* vfs, const char* name, sqlite3_file* file, int flags,
                       int* result) {
      file->pMethods = nullptr;
      if ((flags & SQLITE_OPEN_SUPER_JOURNAL) != 0) return SQLITE_CANTOPEN;
      return open_file(vfs, name, file, flags, result);
    };
    ensure(sqlite3_vfs_register(&careful, /*makeDflt=*/1) == SQLITE_OK, "SQLite takes our files");
  });
}

}  // namespace

void SqliteStatement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

SqliteStatement::SqliteStatement(SqliteDatabase& database, std::string_view sql)
    : database_(database) {
  sqlite3_stmt* made = nullptr;
  const int result = sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                        &made, nullptr);
  statement_.reset(made);
  if (result != SQLITE_OK) database.fail(result, sql);
  ensure(made != nullptr, "an SQL statement is not empty");
}

bool SqliteStatement::step() {
  const int result = sqlite3_step(statement_.get());
  if (result == SQLITE_ROW) return true;
  if (result != SQLITE_DONE) database_.fail(result, sqlite3_sql(statement_.get()));
  return false;
}

SqliteStatement& SqliteStatement::rebind(int index, std::string_view value) {
  sqlite3_reset(statement_.get());
  const int result = sqlite3_bind_text64(statement_.get(), index, value.data(), value.size(),
                                         SQLITE_TRANSIENT, SQLITE_UTF8);
  if (result != SQLITE_OK) database_.fail(result, sqlite3_sql(statement_.get()));
  return *this;
}

int SqliteStatement::columns() const { return sqlite3_column_count(statement_.get()); }

std::string SqliteStatement::column_name(int column) const {
  const char* name = sqlite3_column_name(statement_.get(), column);
  return name != nullptr ? name : "";
}

std::string SqliteStatement::declared_type(int column) const {
  const char* declared = sqlite3_column_decltype(statement_.get(), column);
  return ascii_lower(declared != nullptr ? declared : "");
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}
bool SqliteStatement::is_integer(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_INTEGER;
}
bool SqliteStatement::is_real(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_FLOAT;
}
int64_t SqliteStatement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}
double SqliteStatement::real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

std::string_view SqliteStatement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  const int bytes = sqlite3_column_bytes(statement_.get(), column);
  if (text == nullptr) return {};
  return {reinterpret_cast<const char*>(text), static_cast<size_t>(bytes)};
}

void SqliteDatabase::Close::operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }

SqliteDatabase::SqliteDatabase(const std::filesystem::path& path, SqliteOpen mode, StopToken stop)
    : name_(path.native()), stop_(std::move(stop)) {
  switch (mode) {
    case SqliteOpen::live:
      open(file_uri(path, ""), SQLITE_OPEN_READWRITE, nullptr);
      is_live_ = true;
      // The last one to close a WAL database checkpoints it: a backup changes nothing.
      sqlite3_db_config(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
      exec("PRAGMA query_only = ON; PRAGMA wal_autocheckpoint = 0; PRAGMA mmap_size = 0");
      break;
    case SqliteOpen::copy:
      open(file_uri(path, "?immutable=1"), SQLITE_OPEN_READONLY, nullptr);
      break;
    case SqliteOpen::write:
      open(file_uri(path, ""), SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, nullptr);
      break;
  }
}

SqliteDatabase::SqliteDatabase(RandomAccess& pages, std::string name, StopToken stop)
    : name_(std::move(name)),
      stop_(std::move(stop)),
      page_files_(std::make_unique<PageFiles>(pages)) {
  open("pages", SQLITE_OPEN_READONLY, page_files_->vfs_name());
}

SqliteDatabase::~SqliteDatabase() {
  // Nothing to checkpoint and nobody else there: then SQLite may remove the empty log and the
  // shared memory that it made for us.
  std::error_code error;
  if (is_live_ && std::filesystem::file_size(name_ + "-wal", error) == 0 && !error) {
    sqlite3_db_config(handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
  }
}

void SqliteDatabase::open(const std::string& uri, int flags, const char* vfs) {
  register_careful_files();
  sqlite3* made = nullptr;
  const int result = sqlite3_open_v2(
      uri.c_str(), &made,
      flags | SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW,
      vfs);
  connection_.reset(made);
  if (result != SQLITE_OK) fail(result, "open it");
  // Not SQLITE_DBCONFIG_TRUSTED_SCHEMA off: SQLite 3.40 then refuses n8n's CHECK (json_valid(...)).
  // Nothing beyond SQLite's built-in functions is registered here that a schema could call.
  sqlite3_progress_handler(
      made, progress_every,
      [](void* self) { return static_cast<SqliteDatabase*>(self)->stop_.stop_requested() ? 1 : 0; },
      this);
  sqlite3_busy_handler(
      made,
      [](void* self, int count) {
        auto& database = *static_cast<SqliteDatabase*>(self);
        const auto now = std::chrono::steady_clock::now();
        if (count == 0) database.waiting_since_ = now;
        if (now - database.waiting_since_ > busy_wait_max) return 0;
        pollfd stop{database.stop_.fd(), POLLIN, 0};
        ::poll(&stop, 1, busy_pause_ms);
        return database.stop_.stop_requested() ? 0 : 1;
      },
      this);
  // Sorting and temporary tables would otherwise put plaintext into files under /tmp.
  exec("PRAGMA temp_store = MEMORY");
}

void SqliteDatabase::exec(const std::string& sql) {
  const int result = sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr);
  if (result != SQLITE_OK) fail(result, sql);
}

int64_t SqliteDatabase::query_integer(std::string_view sql) {
  SqliteStatement statement = prepare(sql);
  if (!statement.step()) fail(SQLITE_DONE, sql);
  return statement.integer(0);
}

std::string SqliteDatabase::query_text(std::string_view sql) {
  SqliteStatement statement = prepare(sql);
  if (!statement.step()) fail(SQLITE_DONE, sql);
  return std::string(statement.text(0));
}

std::vector<std::string> SqliteDatabase::query_list(std::string_view sql) {
  std::vector<std::string> list;
  SqliteStatement statement = prepare(sql);
  while (statement.step()) list.emplace_back(statement.text(0));
  return list;
}

bool SqliteDatabase::has_table(std::string_view name) {
  SqliteStatement statement =
      prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1");
  return statement.rebind(1, name).step();
}

void SqliteDatabase::fail(int result, std::string_view attempted) {
  if (stop_.stop_requested()) throw Interrupted();
  if (page_files_) page_files_->rethrow_failure();
  const char* words = result == SQLITE_DONE        ? "no row"
                      : connection_ && result != 0 ? sqlite3_errmsg(handle())
                                                   : sqlite3_errstr(result);
  constexpr size_t shown_max = 120;  // statements are ours, but may be long
  Error error(ErrorKind::service, format("read SQLite database '{}' ({}): {}", name_,
                                         attempted.substr(0, shown_max), words));
  const std::string hint = hint_for(result);
  if (!hint.empty()) error.add_hint(hint);
  if ((result & 0xFF) == SQLITE_BUSY) throw std::move(error).transient();
  throw error;
}

std::string sql_name(std::string_view name) {
  std::string quoted = "\"";
  for (const char letter : name) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

}  // namespace lifeboat
