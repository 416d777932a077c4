// The manifest: what is taken prints as the same bytes.
#include "snapshot/manifest.h"

#include <cstring>

#include "crypto/hash.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace {

constexpr std::string_view hash_begin = "  \"sha256\": \"";
constexpr size_t hash_digits = 64;

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  (void)fuzz::outcome([&] {
    const Manifest manifest = parse_manifest(text, "h1/2026-05-07/manifest.json");
    fuzz::require(print_manifest(manifest) == text, "a manifest has one spelling");
    (void)print_json(manifest_to_json(manifest));
    return std::string();
  });
  return 0;
}

// The last line's hash is made right again, or nothing behind it would ever be reached.
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  const std::string_view text = fuzz::text_of(data, size);
  const size_t at = text.rfind(hash_begin);
  if (seed % 16 == 0 || at == text.npos || size - at < hash_begin.size() + hash_digits) return size;
  const std::string hash = sha256_hex(as_bytes(text.substr(0, at)));
  std::memcpy(data + at + hash_begin.size(), hash.data(), hash.size());
  return size;
}
