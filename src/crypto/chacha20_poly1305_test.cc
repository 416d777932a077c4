#include "crypto/chacha20_poly1305.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "crypto/test_vectors.h"
#include "support/doubles.h"

namespace lifeboat {
namespace {

using Nonce = ChaCha20Poly1305::Nonce;

Bytes counting_key() {
  return test::unhex("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");
}
Nonce counting_nonce() {
  Nonce nonce;
  for (size_t i = 0; i < nonce.size(); ++i) nonce[i] = static_cast<std::byte>(i);
  return nonce;
}

Bytes seal(ChaCha20Poly1305& aead, const Nonce& nonce, ByteView text) {
  Bytes message(text.begin(), text.end());
  message.resize(text.size() + ChaCha20Poly1305::tag_bytes);
  aead.seal(nonce, message);
  return message;
}

// Made with two other implementations (pyca/cryptography and Node.js), which agree.
TEST(ChaCha20Poly1305, SealsAsOthersDo) {
  ChaCha20Poly1305 aead(counting_key());
  EXPECT_EQ(hex_encode(seal(aead, counting_nonce(),
                            as_bytes("The quick brown fox jumps over the lazy dog"))),
            "dd936d205862cc23dca35d81f76a6043af1fcac73b01c0c995b740b310b2864884e50c9f8764c8b8535d11"
            "a05ea3322154e328770caca992e2b836");
  EXPECT_EQ(hex_encode(seal(aead, counting_nonce(), {})), "295a498b8841a1c5f55d4d606f731159");
}

TEST(ChaCha20Poly1305, OpensWhatItSealedInAnyOrder) {
  test::SeededRandom random;
  ChaCha20Poly1305 aead(random.bytes(32));
  for (const size_t size : {0, 1, 15, 16, 17, 63, 64, 65, 65536}) {
    const Bytes text = random.bytes(size);
    Nonce nonce;
    random.fill(nonce);
    const Bytes sealed = seal(aead, nonce, text);
    Bytes opened(size);
    EXPECT_TRUE(aead.open(nonce, sealed, opened));
    EXPECT_EQ(opened, text);
    nonce[0] ^= std::byte{1};
    EXPECT_FALSE(aead.open(nonce, sealed, opened)) << "another nonce";
    EXPECT_EQ(opened, Bytes(size)) << "unauthenticated text is wiped";
    nonce[0] ^= std::byte{1};
    EXPECT_TRUE(aead.open(nonce, sealed, opened)) << "a failure leaves nothing behind";
  }
}

TEST(ChaCha20Poly1305, RefusesEveryFlippedBit) {
  ChaCha20Poly1305 aead(counting_key());
  Bytes sealed = seal(aead, counting_nonce(), as_bytes("abc"));
  Bytes opened(3);
  for (size_t bit = 0; bit < sealed.size() * 8; ++bit) {
    sealed[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(aead.open(counting_nonce(), sealed, opened)) << bit;
    sealed[bit / 8] ^= std::byte{1} << (bit % 8);
  }
  EXPECT_TRUE(aead.open(counting_nonce(), sealed, opened));
}

TEST(ChaCha20Poly1305, TakesKeysOf32BytesOnly) {
  EXPECT_THROW(ChaCha20Poly1305(Bytes(31)), Bug);
  EXPECT_THROW(ChaCha20Poly1305(Bytes(33)), Bug);
}

}  // namespace
}  // namespace lifeboat
