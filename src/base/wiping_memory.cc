#include "base/wiping_memory.h"

#include <malloc.h>
#include <string.h>

#include <algorithm>
#include <cstdlib>

namespace lifeboat {

void wiping_free(void* memory) noexcept {
  if (memory == nullptr) return;
  const size_t size = ::malloc_usable_size(memory);
  if (size <= wiped_bytes_max) ::explicit_bzero(memory, size);
  std::free(memory);
}

void* wiping_realloc(void* memory, size_t size) noexcept {
  if (memory == nullptr || size == 0) return std::realloc(memory, size);
  const size_t before = ::malloc_usable_size(memory);
  if (before > wiped_bytes_max) return std::realloc(memory, size);
  void* moved = std::malloc(size);
  if (moved == nullptr) return nullptr;
  ::memcpy(moved, memory, std::min(before, size));
  wiping_free(memory);
  return moved;
}

}  // namespace lifeboat
