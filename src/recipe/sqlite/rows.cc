#include "recipe/sqlite/rows.h"

#include <array>
#include <cstring>

#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "recipe/sqlite/probes.h"

namespace lifeboat {
namespace {

// The column's type and value, each of a length that is told: "i42", "t3:abc".
std::string value_text(const SqliteStatement& row, int column) {
  if (row.is_null(column)) return "n";
  if (row.is_integer(column)) return format("i{}", row.integer(column));
  if (row.is_real(column)) return format("r{:a}", row.real(column));
  const std::string_view text = row.text(column);
  return format("t{}:{}", text.size(), text);
}

Sha256Digest row_digest(const SqliteStatement& row, const std::set<std::string>& left_out) {
  Sha256 hash;
  for (int column = 0; column < row.columns(); ++column) {
    const std::string name = row.column_name(column);
    if (left_out.contains(name)) continue;
    const std::string value = format("{}:{};", name, value_text(row, column));
    hash.update(as_bytes(value));
  }
  return hash.finish();
}

// The same whatever the order: rows are a set, though one in which a row may stand twice, so the
// digests are added and not combined by exclusive or.
class RowsSum {
 public:
  void add(const Sha256Digest& digest) {
    std::array<uint64_t, 4> words{};
    std::memcpy(words.data(), digest.data(), digest.size());
    for (size_t at = 0; at < words.size(); ++at) sum_[at] += words[at];
    ++count_;
  }
  std::string text() const {
    return format("{} {:x} {:x} {:x} {:x}", count_, sum_[0], sum_[1], sum_[2], sum_[3]);
  }

 private:
  std::array<uint64_t, 4> sum_{};
  uint64_t count_ = 0;
};

}  // namespace

std::string row_fingerprint(const SqliteStatement& row, const std::set<std::string>& left_out) {
  return hex_encode(row_digest(row, left_out));
}

std::vector<InventoryEntry> inventory_of_tables(SqliteDatabase& database) {
  std::vector<InventoryEntry> entries;
  SqliteStatement definition =
      database.prepare("SELECT sql FROM sqlite_schema WHERE type = 'table' AND name = ?1");
  for (const std::string& table : user_tables(database)) {
    ensure(definition.rebind(1, table).step(), "the table is in the schema");
    RowsSum sum;
    SqliteStatement rows = database.prepare(format("SELECT * FROM {}", sql_name(table)));
    while (rows.step()) sum.add(row_digest(rows, {}));
    const std::string sql(definition.text(0));
    entries.push_back(
        {"table", table, printable(table), sha256_hex(as_bytes(sql)) + " " + sum.text()});
  }
  return entries;
}

std::vector<InventoryEntry> inventory_of_rows(SqliteDatabase& database, std::string_view table,
                                              const std::string& kind,
                                              const std::string& name_column,
                                              const std::set<std::string>& left_out) {
  std::vector<InventoryEntry> entries;
  SqliteStatement rows = database.prepare(format("SELECT * FROM {}", sql_name(table)));
  int id = -1;
  int name = -1;
  for (int column = 0; column < rows.columns(); ++column) {
    if (rows.column_name(column) == "id") id = column;
    if (rows.column_name(column) == name_column) name = column;
  }
  if (id < 0 || name < 0) {
    throw Error(ErrorKind::verification,
                format("read table '{}' of '{}': it has no column '{}'", table, database.name(),
                       id < 0 ? "id" : name_column));
  }
  while (rows.step()) {
    const std::string number(rows.text(id));
    const std::string told = printable(rows.text(name));
    entries.push_back(
        {kind, number, told.empty() ? number : told, row_fingerprint(rows, left_out)});
  }
  return entries;
}

}  // namespace lifeboat
