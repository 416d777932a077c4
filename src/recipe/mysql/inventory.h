// What restored dumps hold, table by table, to compare two states of a server.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "crypto/hash.h"
#include "recipe/mysql/dump_scanner.h"
#include "recipe/recipe.h"

namespace lifeboat {

// A fingerprint of rows that does not ask for their order, which a server is free to choose: the
// sum of their hashes.
class RowsHash {
 public:
  void add(const Sha256Digest& row);
  std::string text() const;

 private:
  std::array<uint64_t, 4> lanes_{};
  uint64_t rows_ = 0;
};

// Tables by their rows and definition, other objects by their text, accounts as a whole.
std::vector<InventoryEntry> inventory_of_dumps(const RestoredService& restored,
                                               RecipeContext& context);

}  // namespace lifeboat
