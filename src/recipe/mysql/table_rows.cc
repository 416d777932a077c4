#include "recipe/mysql/table_rows.h"

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/mysql/dump_scanner.h"
#include "recipe/mysql/probes.h"
#include "recipe/mysql/sql_text.h"

namespace lifeboat {
namespace {

constexpr uint64_t bytes_max = uint64_t{256} << 20;

class RowReader final : public DumpEvents {
 public:
  explicit RowReader(const std::vector<std::string>& wanted) : wanted_(wanted) {}

  void on_table(const std::string& name, std::string_view statement, uint64_t) override {
    if (!is_wanted(name)) return;
    for (const std::string& column : columns_of(statement)) {
      tables[ascii_lower(name)].columns.push_back(ascii_lower(column));
    }
  }
  void on_row_bytes(const std::string& table, std::string_view piece) override {
    if (!is_wanted(table)) return;
    bytes_ += piece.size();
    if (bytes_ > bytes_max) {
      throw Error(ErrorKind::limit, format("read table '{}': its rows are larger than {}",
                                           printable(table), print_bytes(bytes_max)));
    }
    row_ += piece;
  }
  void on_row(const std::string& table, uint64_t offset, uint64_t) override {
    if (!is_wanted(table)) return;
    if (auto values = split_row(row_)) {
      tables[ascii_lower(table)].rows.push_back({offset, std::move(*values)});
    }
    row_.clear();
  }

  std::map<std::string, MysqlTableRows> tables;

 private:
  bool is_wanted(const std::string& table) {
    if (table != last_) {
      last_ = table;
      is_last_wanted_ =
          std::find(wanted_.begin(), wanted_.end(), ascii_lower(table)) != wanted_.end();
    }
    return is_last_wanted_;
  }

  const std::vector<std::string>& wanted_;
  std::string last_;
  bool is_last_wanted_ = false;
  uint64_t bytes_ = 0;
  std::string row_;
};

}  // namespace

uint64_t MysqlRow::offset_of(size_t column) const {
  uint64_t at = offset + 1;
  for (size_t before = 0; before < column; ++before) at += values.at(before).size() + 1;
  return at;
}

std::optional<size_t> MysqlTableRows::column(std::string_view name) const {
  const auto found = std::find(columns.begin(), columns.end(), name);
  if (found == columns.end()) return std::nullopt;
  return static_cast<size_t>(found - columns.begin());
}

std::string MysqlTableRows::value(const MysqlRow& row, std::string_view name) const {
  const auto at = column(name);
  return at && *at < row.values.size() ? unquote_value(row.values[*at]) : "";
}

std::map<std::string, MysqlTableRows> read_tables(const RestoredService& restored,
                                                  const std::string& database,
                                                  const std::vector<std::string>& tables,
                                                  const StopToken& stop) {
  RowReader reader(tables);
  DumpScanner scanner(reader);
  read_dump(restored, database, stop, [&](std::string_view piece) { scanner.feed(piece); });
  return std::move(reader.tables);
}

}  // namespace lifeboat
