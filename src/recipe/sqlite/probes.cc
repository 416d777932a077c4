#include "recipe/sqlite/probes.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"
#include "recipe/details.h"

namespace lifeboat {
namespace {

constexpr size_t shown_max = 3;

// The largest table whose rows have a rowid to be deleted by.
std::string largest_table(SqliteDatabase& database) {
  std::string largest;
  uint64_t rows_max = 0;
  const std::vector<std::string> keyed =
      database.query_list("SELECT name FROM sqlite_schema WHERE sql LIKE '%WITHOUT ROWID%'");
  for (const std::string& table : user_tables(database)) {
    if (std::find(keyed.begin(), keyed.end(), table) != keyed.end()) continue;
    const uint64_t rows = count_rows(database, table);
    if (rows <= rows_max) continue;
    rows_max = rows;
    largest = table;
  }
  if (largest.empty()) {
    throw Error(ErrorKind::service, format("damage '{}': no table has a row", database.name()));
  }
  return largest;
}

void overwrite_page(const std::filesystem::path& file) {
  uint64_t offset = 0;
  {
    SqliteDatabase database(file, SqliteOpen::copy);
    SqliteStatement root = database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = ?1");
    ensure(root.rebind(1, largest_table(database)).step(), "the table is in the schema");
    offset = static_cast<uint64_t>(root.integer(0) - 1) *
             static_cast<uint64_t>(database.query_integer("PRAGMA page_size"));
  }
  const UniqueFd fd = open_file(file, O_WRONLY);
  const Bytes garbage(32, std::byte{0xA5});
  if (::pwrite(fd.get(), garbage.data(), garbage.size(), static_cast<off_t>(offset)) !=
      static_cast<ssize_t>(garbage.size())) {
    throw system_error(ErrorKind::service, format("damage '{}'", file.native()), errno);
  }
}

}  // namespace

ProbeResult ask(std::string name, const std::function<ProbeResult()>& question) {
  try {
    ProbeResult result = question();
    result.name = std::move(name);
    return result;
  } catch (const Error& error) {
    return {std::move(name), false, "an answer", "none", error.what()};
  }
}

ProbeResult compare(std::string name, std::string expected, std::string found,
                    std::string evidence) {
  const bool passed = expected == found;
  return {std::move(name), passed, std::move(expected), std::move(found), std::move(evidence)};
}

ProbeResult probe_integrity(SqliteDatabase& database) {
  return ask("integrity_check", [&] {
    const std::vector<std::string> lines = database.query_list("PRAGMA integrity_check(10)");
    const std::string found = lines.empty() ? "nothing" : lines.front();
    return compare("", "ok", printable(found),
                   format("{} pages of {} bytes", database.query_integer("PRAGMA page_count"),
                          database.query_integer("PRAGMA page_size")));
  });
}

uint64_t broken_foreign_keys(SqliteDatabase& database) {
  SqliteStatement violations = database.prepare("PRAGMA foreign_key_check");
  uint64_t count = 0;
  while (violations.step()) ++count;
  return count;
}

ProbeResult probe_foreign_keys(SqliteDatabase& database, const Json& details) {
  return ask("foreign keys", [&] {
    const uint64_t expected = detail_number(details, "broken_foreign_keys");
    const std::vector<std::string> tables = database.query_list("PRAGMA foreign_key_check");
    const std::vector<std::string> shown(
        tables.begin(),
        tables.begin() + static_cast<std::ptrdiff_t>(std::min(tables.size(), shown_max)));
    return compare(
        "", format("{} broken", expected), format("{} broken", tables.size()),
        tables.empty() ? "" : format("in {}", printable(format("{}", join(shown, ", ")))));
  });
}

std::vector<std::string> user_tables(SqliteDatabase& database) {
  return database.query_list(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE "
      "'\\' AND sql NOT LIKE 'CREATE VIRTUAL %' ORDER BY name");
}

uint64_t count_rows(SqliteDatabase& database, std::string_view table) {
  return static_cast<uint64_t>(
      database.query_integer(format("SELECT count(*) FROM {}", sql_name(table))));
}

RestoredFile restored_file(std::string member) {
  return [member](const RestoredService& restored) { return restored.directory / member; };
}

Sabotage sabotage_missing_file(RestoredFile file) {
  return {"missing file", "removed the database", [file](const RestoredService& restored) {
            const std::filesystem::path path = file(restored);
            if (::unlink(path.c_str()) == 0) return;
            throw system_error(ErrorKind::service, format("remove '{}'", path.native()), errno);
          }};
}

Sabotage sabotage_damaged_page(RestoredFile file) {
  return {"damaged page", "overwrote a page of the database",
          [file](const RestoredService& restored) { overwrite_page(file(restored)); }};
}

Sabotage sabotage_missing_row(RestoredFile file, std::string table) {
  std::string what = table.empty() ? "deleted a row of the database's largest table"
                                   : format("deleted a row of the table '{}'", table);
  return {"missing row", std::move(what), [file, table](const RestoredService& restored) {
            SqliteDatabase database(file(restored), SqliteOpen::write);
            const std::string name = sql_name(table.empty() ? largest_table(database) : table);
            database.exec(
                format("PRAGMA foreign_keys = OFF; DELETE FROM {0} WHERE rowid IN "
                       "(SELECT rowid FROM {0} LIMIT 1)",
                       name));
          }};
}

}  // namespace lifeboat
