#include "base/wiping_memory.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <string>

namespace lifeboat {
namespace {

// What is freed may be looked at only from outside (tests/reliability/secrets_in_memory.py does);
// here, that content survives a move whichever way it is made.
TEST(WipingMemory, KeepsWhatIsMoved) {
  EXPECT_EQ(wiping_realloc(wiping_realloc(nullptr, 1), 0), nullptr);
  for (const size_t from : {size_t{1}, size_t{100}, wiped_bytes_max, 2 * wiped_bytes_max}) {
    for (const size_t to : {size_t{1}, size_t{101}, 4 * wiped_bytes_max}) {
      auto* memory = static_cast<char*>(std::malloc(from));
      std::memset(memory, 'x', from);
      memory = static_cast<char*>(wiping_realloc(memory, to));
      ASSERT_NE(memory, nullptr);
      const size_t kept = std::min(from, to);
      EXPECT_EQ(std::string(memory, kept), std::string(kept, 'x'));
      wiping_free(memory);
    }
  }
  wiping_free(nullptr);
}

}  // namespace
}  // namespace lifeboat
