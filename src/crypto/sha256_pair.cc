#include "crypto/sha256_pair.h"

#if defined(__x86_64__)

#include <cpuid.h>
#include <immintrin.h>

namespace lifeboat {
namespace {

// The first 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS 180-4,
// 4.2.2).
alignas(16) constexpr uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

#define LIFEBOAT_SHA_TARGET __attribute__((target("sha,ssse3,sse4.1")))

// The eight words in the order that the instructions want.
struct Words {
  __m128i abef;
  __m128i cdgh;
};

LIFEBOAT_SHA_TARGET inline Words load(const uint32_t* state) {
  const __m128i low = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state));
  const __m128i high = _mm_loadu_si128(reinterpret_cast<const __m128i*>(state + 4));
  const __m128i cdab = _mm_shuffle_epi32(low, 0xB1);
  const __m128i efgh = _mm_shuffle_epi32(high, 0x1B);
  return {_mm_alignr_epi8(cdab, efgh, 8), _mm_blend_epi16(efgh, cdab, 0xF0)};
}

LIFEBOAT_SHA_TARGET inline void store(const Words& words, uint32_t* state) {
  const __m128i feba = _mm_shuffle_epi32(words.abef, 0x1B);
  const __m128i dchg = _mm_shuffle_epi32(words.cdgh, 0xB1);
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state), _mm_blend_epi16(feba, dchg, 0xF0));
  _mm_storeu_si128(reinterpret_cast<__m128i*>(state + 4), _mm_alignr_epi8(dchg, feba, 8));
}

// Four rounds; `scheduled` holds four words of the message with their constants added.
LIFEBOAT_SHA_TARGET inline void four_rounds(Words& words, __m128i scheduled) {
  words.cdgh = _mm_sha256rnds2_epu32(words.cdgh, words.abef, scheduled);
  words.abef = _mm_sha256rnds2_epu32(words.abef, words.cdgh, _mm_shuffle_epi32(scheduled, 0x0E));
}

LIFEBOAT_SHA_TARGET void compress(uint32_t* left, uint32_t* right, const std::byte* data,
                                  size_t blocks) {
  const __m128i big_endian = _mm_set_epi64x(0x0c0d0e0f08090a0bLL, 0x0405060700010203LL);
  Words one = load(left);
  Words two = load(right);
  for (; blocks > 0; --blocks, data += 64) {
    const Words one_before = one;
    const Words two_before = two;
    __m128i message[4];
#pragma GCC unroll 16
    for (size_t group = 0; group < 16; ++group) {
      __m128i& current = message[group % 4];
      if (group < 4) {
        current = _mm_loadu_si128(reinterpret_cast<const __m128i*>(data) + group);
        current = _mm_shuffle_epi8(current, big_endian);
      } else {
        const __m128i last = message[(group + 3) % 4];
        const __m128i seven_back = _mm_alignr_epi8(last, message[(group + 2) % 4], 4);
        const __m128i sum = _mm_sha256msg1_epu32(current, message[(group + 1) % 4]);
        current = _mm_sha256msg2_epu32(_mm_add_epi32(sum, seven_back), last);
      }
      const auto* constants = reinterpret_cast<const __m128i*>(round_constants) + group;
      const __m128i scheduled = _mm_add_epi32(current, _mm_load_si128(constants));
      four_rounds(one, scheduled);
      four_rounds(two, scheduled);
    }
    one = {_mm_add_epi32(one.abef, one_before.abef), _mm_add_epi32(one.cdgh, one_before.cdgh)};
    two = {_mm_add_epi32(two.abef, two_before.abef), _mm_add_epi32(two.cdgh, two_before.cdgh)};
  }
  store(one, left);
  store(two, right);
}

// https://www.intel.com/content/www/us/en/docs/intrinsics-guide/: CPUID leaf 1, ECX bits 9 (SSSE3)
// and 19 (SSE4.1); leaf 7, EBX bit 29 (SHA).
bool find_instructions() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return false;
  if ((ecx & (1U << 9)) == 0 || (ecx & (1U << 19)) == 0) return false;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) == 0) return false;
  return (ebx & (1U << 29)) != 0;
}

}  // namespace

bool has_sha256_pair() {
  static const bool has = find_instructions();
  return has;
}

void sha256_pair(uint32_t* left, uint32_t* right, const std::byte* data, size_t blocks) {
  compress(left, right, data, blocks);
}

}  // namespace lifeboat

#else

namespace lifeboat {

bool has_sha256_pair() { return false; }
void sha256_pair(uint32_t*, uint32_t*, const std::byte*, size_t) {}

}  // namespace lifeboat

#endif
