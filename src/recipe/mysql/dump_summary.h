// What one dump holds, in numbers.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/json.h"
#include "base/stop.h"
#include "io/source.h"
#include "recipe/mysql/dump_scanner.h"

namespace lifeboat {

struct DumpSummary {
  std::string head;  // the first comment of the dump, empty if it is no dump's
  bool is_complete = false;
  uint64_t bytes = 0;
  std::map<std::string, uint64_t> rows;  // by table
  uint64_t views = 0;
  uint64_t triggers = 0;
  uint64_t routines = 0;
  uint64_t events = 0;
  uint64_t sequences = 0;

  uint64_t total_rows() const;
};

// Counts what passes. One thread at a time.
class DumpCounter final : private DumpEvents {
 public:
  DumpCounter() : scanner_(*this) {}
  void feed(std::string_view bytes) { scanner_.feed(bytes); }
  DumpSummary summary() const;

 private:
  void on_table(const std::string& name, std::string_view, uint64_t) override;
  void on_object(DumpObject object, const std::string&, std::string_view) override;
  void on_row(const std::string& table, uint64_t, uint64_t) override;

  DumpSummary summary_;
  std::string last_table_;
  uint64_t* last_rows_ = nullptr;
  DumpScanner scanner_;
};

// Feeds all of `source` to `take`, piece by piece.
template <typename Take>
void for_each_piece(Source& source, const StopToken& stop, Take&& take) {
  Bytes block(256 * 1024);
  while (const size_t count = source.read(block)) {
    stop.throw_if_stopped();
    take(ByteView(block).first(count));
  }
}

// For facts: {"tables": {name: rows}, "views": 1 ...}.
Json summary_to_json(const DumpSummary& summary);
// Strict inverse of what the drill needs: rows and the counts. Throws Error(verification).
DumpSummary summary_from_json(const Json& value);

}  // namespace lifeboat
