// Reads a plain dump of pg_dump or pg_dumpall as it passes: is it whole, and what is in it?
//
// Rows are lines between "COPY ... FROM stdin;" and "\.". The text outside must be lexed, strings,
// dollar quotes and comments, since a function's body may hold lines that look like a COPY or like
// the end marker. The end is the marker as a comment of its own with nothing behind it but comments
// and psql's \unrestrict, which newer versions print last, or RESET ALL, which the recipe supabase
// adds.
#pragma once

#include <array>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/stop.h"
#include "crypto/hash.h"
#include "io/source.h"
#include "recipe/postgres/sql_text.h"

namespace lifeboat {

enum class DumpKind { database, cluster };

struct DumpScanOptions {
  DumpKind kind = DumpKind::database;
  bool hash_rows = false;  // costs a SHA-256 a row
  // Each line outside COPY data; `at_top`: it begins outside every string and comment.
  std::function<void(std::string_view line, bool at_top)> on_line = {};
};

struct DumpedTable {
  uint64_t rows = 0;
  // The sum of the rows' hashes: the order in which a server gives rows says nothing.
  std::array<uint64_t, 4> hash_sum{};
};

class DumpScan {
 public:
  explicit DumpScan(DumpScanOptions options);
  // Throws Error(service) for a line outside COPY data of more than 64 MiB.
  void feed(ByteView data);
  // What is wrong with it as a whole, in words: no head, no end marker, cut within a table's rows,
  // or a command of psql such as \!, which no dump has and which would run as who restores.
  // Empty: it is whole. Once all was fed.
  std::string fault() const;
  const std::map<TableName, DumpedTable>& tables() const { return tables_; }
  // Where the newline behind the first row of all stands.
  std::optional<uint64_t> first_row_end() const { return first_row_end_; }

 private:
  enum class State { top, text, escaped_text, name, dollar, comment };

  void feed_rows(std::string_view& data, uint64_t position);
  void end_row(uint64_t newline);
  void end_line();
  void lex(std::string_view line);
  size_t lex_top(std::string_view line, size_t at);
  void look_at(std::string_view line);

  DumpScanOptions options_;
  std::map<TableName, DumpedTable> tables_;
  DumpedTable* copying_ = nullptr;  // within a table's rows
  std::string line_;                // so far; of a row only its first bytes
  Sha256 row_hash_;
  State state_ = State::top;
  std::string dollar_tag_;
  int comment_depth_ = 0;
  uint64_t position_ = 0;  // of the block that is fed
  std::optional<uint64_t> first_row_end_;
  bool has_command_ = false;
  bool has_head_ = false;
  bool is_complete_ = false;
};

// Passes `inner` on and feeds what passes to `scan`.
class ScanSource final : public Source {
 public:
  ScanSource(std::unique_ptr<Source> inner, std::shared_ptr<DumpScan> scan)
      : inner_(std::move(inner)), scan_(std::move(scan)) {}
  size_t read(ByteSpan target) override;

 private:
  std::unique_ptr<Source> inner_;
  std::shared_ptr<DumpScan> scan_;
};

// A restored file, read to its end. Throws Error(verification) if it is not there.
DumpScan scan_dump_file(const std::filesystem::path& path, DumpScanOptions options,
                        const StopToken& stop);

}  // namespace lifeboat
