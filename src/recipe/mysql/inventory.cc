#include "recipe/mysql/inventory.h"

#include <cstring>
#include <map>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/no_links.h"
#include "recipe/mysql/probes.h"

namespace lifeboat {
namespace {

constexpr uint64_t grants_bytes_max = uint64_t{64} << 20;

const char* word_for(DumpObject object) {
  switch (object) {
    case DumpObject::view:
      return "view";
    case DumpObject::trigger:
      return "trigger";
    case DumpObject::routine:
      return "routine";
    case DumpObject::event:
      return "event";
    case DumpObject::sequence:
      return "sequence";
  }
  return "object";
}

std::string hash_of(std::string_view text) {
  Sha256 hash;
  hash.update(as_bytes(text));
  return hex_encode(hash.finish());
}

// The counter of the next row's number is no content: it moves with rows that are gone again.
std::string without_counter(std::string_view statement) {
  std::string text(statement);
  const size_t begin = text.rfind(" AUTO_INCREMENT=");
  if (begin == std::string::npos || begin < text.rfind("\n)")) return text;
  return text.erase(begin, text.find(' ', begin + 1) - begin);
}

class InventoryScan final : public DumpEvents {
 public:
  void on_table(const std::string& name, std::string_view statement, uint64_t) override {
    tables[name].definition = hash_of(without_counter(statement));
  }
  void on_object(DumpObject object, const std::string& name, std::string_view statement) override {
    objects[{word_for(object), name}] += hash_of(statement);
  }
  void on_row_bytes(const std::string&, std::string_view piece) override {
    row_.update(as_bytes(piece));
  }
  void on_row(const std::string& table, uint64_t, uint64_t) override {
    tables[table].rows.add(row_.finish());
  }

  struct Table {
    std::string definition;
    RowsHash rows;
  };
  std::map<std::string, Table> tables;
  std::map<std::pair<std::string, std::string>, std::string> objects;

 private:
  Sha256 row_;
};

}  // namespace

void RowsHash::add(const Sha256Digest& row) {
  static_assert(sizeof(lanes_) == sizeof(Sha256Digest));
  std::array<uint64_t, 4> added{};
  std::memcpy(added.data(), row.data(), sizeof(added));
  for (size_t at = 0; at < lanes_.size(); ++at) lanes_[at] += added[at];
  ++rows_;
}

std::string RowsHash::text() const {
  return format("{} {:016x}{:016x}{:016x}{:016x}", rows_, lanes_[0], lanes_[1], lanes_[2],
                lanes_[3]);
}

std::vector<InventoryEntry> inventory_of_dumps(const RestoredService& restored,
                                               RecipeContext& context) {
  std::vector<InventoryEntry> entries;
  for (const auto& [database, expected] : expected_databases(restored.expected)) {
    InventoryScan scan;
    DumpScanner scanner(scan);
    read_dump(restored, database, context.stop,
              [&](std::string_view piece) { scanner.feed(piece); });
    if (!scanner.is_complete()) {
      throw Error(ErrorKind::verification,
                  format("read the dump of database '{}': it is not whole", printable(database)));
    }
    for (const auto& [name, table] : scan.tables) {
      const std::string id = format("{}.{}", database, name);
      entries.push_back({"table", id, id, table.definition + " " + table.rows.text()});
    }
    for (const auto& [key, text] : scan.objects) {
      const std::string id = format("{}.{}", database, key.second);
      entries.push_back({key.first, id, id, hash_of(text)});
    }
  }
  const auto grants = restored.directory / "grants.sql";
  std::error_code ignored;
  if (std::filesystem::exists(grants, ignored)) {
    entries.push_back(
        {"list of accounts", "grants", "accounts and their rights",
         hash_of(read_file_without_links(grants, grants_bytes_max, ErrorKind::verification))});
  }
  return entries;
}

}  // namespace lifeboat
