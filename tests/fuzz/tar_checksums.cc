// For the targets that read tar: blind changes, then headers that carry their right checksum again.
#include <cstring>

#include "fuzz/fuzz.h"

namespace {

constexpr size_t block_bytes = 512;
constexpr size_t checksum_at = 148;
constexpr size_t magic_at = 257;

void put_checksum(uint8_t* block) {
  std::memset(block + checksum_at, ' ', 8);
  unsigned sum = 0;
  for (size_t i = 0; i < block_bytes; ++i) sum += block[i];
  std::snprintf(reinterpret_cast<char*>(block) + checksum_at, 7, "%06o", sum);
}

}  // namespace

size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  if (seed % 16 == 0) return size;  // wrong ones have to be seen, too
  if (seed % 4 == 0) size -= size % block_bytes;
  for (size_t at = 0; at + block_bytes <= size; at += block_bytes) {
    if (std::memcmp(data + at + magic_at, "ustar", 5) == 0) put_checksum(data + at);
  }
  return size;
}
