// The scanner of PostgreSQL's dumps: it tells the same whatever the pieces it is fed, and a dump
// that is cut off before its end marker is never whole.
#include "base/format.h"
#include "fuzz/fuzz.h"
#include "recipe/postgres/dump_scan.h"

using namespace lifeboat;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view dump = fuzz::text_of(data, size);
  for (const DumpKind kind : {DumpKind::database, DumpKind::cluster}) {
    const std::string told = fuzz::same_for_all_steps(dump, [&](Source& source, size_t) {
      std::string lines;
      DumpScan scan(
          {.kind = kind, .hash_rows = true, .on_line = [&](std::string_view line, bool at_top) {
             lines += format("\n{}{}", at_top ? "> " : "| ", line);
           }});
      Bytes block(64 * 1024);
      while (const size_t count = source.read(block)) scan.feed(ByteView(block).first(count));
      std::string text = format("[{}] {}", scan.fault(), scan.first_row_end().value_or(0));
      uint64_t rows = 0;
      for (const auto& [name, table] : scan.tables()) {
        text += format("\n{} {} {}", name.quoted(), table.rows, table.hash_sum[0]);
        rows += table.rows;
      }
      fuzz::require(rows <= dump.size(), "a row has a line of its own");
      fuzz::require(scan.first_row_end().value_or(0) <= dump.size(), "the first row is there");
      return text + lines;
    });
    if (!told.starts_with("taken: []")) continue;
    const std::string_view marker = kind == DumpKind::database
                                        ? "-- PostgreSQL database dump complete"
                                        : "-- PostgreSQL database cluster dump complete";
    fuzz::require(dump.find(marker) != dump.npos, "a whole dump has its end marker");
  }
  return 0;
}
