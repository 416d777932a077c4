// The scanner of MariaDB's and MySQL's dumps: it tells the same whatever the pieces it is fed.
#include "base/format.h"
#include "fuzz/fuzz.h"
#include "recipe/mysql/dump_scanner.h"
#include "recipe/mysql/sql_text.h"

using namespace lifeboat;

namespace {

class Told final : public DumpEvents {
 public:
  explicit Told(uint64_t size) : size_(size) {}
  void on_table(const std::string& name, std::string_view statement, uint64_t offset) override {
    fuzz::require(offset <= size_, "a table lies in the dump");
    text += format("\ntable {} {} {}", name, statement, offset);
    (void)columns_of(statement);
  }
  void on_object(DumpObject object, const std::string& name, std::string_view statement) override {
    text += format("\nobject {} {} {}", static_cast<int>(object), name, statement);
  }
  void on_row_bytes(const std::string&, std::string_view piece) override { row_ += piece; }
  void on_row(const std::string& table, uint64_t offset, uint64_t size) override {
    fuzz::require(offset + size <= size_, "a row lies in the dump");
    fuzz::require(row_.size() == size, "a row's bytes are its size", row_);
    if (const auto values = split_row(row_)) {
      for (const std::string& value : *values) (void)unquote_value(value);
    }
    text += format("\nrow {} {} {} {}", table, offset, size, row_);
    row_.clear();
  }
  void on_rows_end(uint64_t offset, uint64_t size) override {
    fuzz::require(offset + size <= size_, "rows lie in the dump");
    text += format("\nrows {} {}", offset, size);
    row_.clear();
  }

  std::string text;

 private:
  uint64_t size_;
  std::string row_;
};

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view dump = fuzz::text_of(data, size);
  fuzz::same_for_all_steps(dump, [&](Source& source, size_t) {
    Told told(dump.size());
    DumpScanner scanner(told);
    Bytes block(64 * 1024);
    while (const size_t count = source.read(block)) {
      scanner.feed(as_text(ByteView(block).first(count)));
    }
    fuzz::require(scanner.bytes() == dump.size(), "all bytes are counted");
    return format("{} {}{}", scanner.is_complete(), scanner.head(), told.text);
  });
  (void)parse_batch(dump);
  (void)parse_server_version(dump);
  return 0;
}
