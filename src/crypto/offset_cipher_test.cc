#include "crypto/offset_cipher.h"

#include <gtest/gtest.h>

#include "support/doubles.h"

namespace lifeboat {
namespace {

TEST(OffsetCipher, AnyPieceReadsBackWhateverPiecesWereWritten) {
  test::SeededRandom random;
  const Bytes plain = random.bytes(100003);
  OffsetCipher cipher(random);
  Bytes sealed(plain.size());
  for (size_t at = 0; at < plain.size();) {
    const size_t size = std::min<size_t>(1 + random.below(5000), plain.size() - at);
    cipher.apply(at, ByteView(plain).subspan(at, size), ByteSpan(sealed).subspan(at, size));
    at += size;
  }
  EXPECT_NE(sealed, plain);
  for (int piece = 0; piece < 200; ++piece) {
    const size_t at = random.below(plain.size());
    const size_t size = random.below(plain.size() - at + 1);
    Bytes opened(size);
    cipher.apply(at, ByteView(sealed).subspan(at, size), opened);
    EXPECT_TRUE(std::equal(opened.begin(), opened.end(), plain.begin() + static_cast<long>(at)));
  }
}

TEST(OffsetCipher, KeysDifferAndPositionsDiffer) {
  test::SeededRandom random;
  OffsetCipher one(random);
  OffsetCipher other(random);
  const Bytes zeros(64);
  const auto stream = [&](OffsetCipher& cipher, uint64_t offset) {
    Bytes made(zeros.size());
    cipher.apply(offset, zeros, made);
    return made;
  };
  EXPECT_NE(stream(one, 0), stream(other, 0));
  EXPECT_NE(stream(one, 0), stream(one, 1ull << 40));
  EXPECT_EQ(stream(one, 1ull << 40), stream(one, 1ull << 40));
}

}  // namespace
}  // namespace lifeboat
