#include "crypto/aes_cfb.h"

#include <gtest/gtest.h>

#include "crypto/test_vectors.h"
#include "support/doubles.h"

namespace lifeboat {
namespace {

// Made by: openssl kdf -keylen 32 -kdfopt digest:SHA256 -kdfopt pass:... -kdfopt salt:abcdefgh
// -kdfopt iter:10000 PBKDF2
TEST(AesCfb, DerivesTheKeyThatOpensslDerives) {
  const Secret key = pbkdf2_sha256(as_bytes("SW2YcwTIb9zpOOhoPsMm"), as_bytes("abcdefgh"), 10'000);
  EXPECT_EQ(hex_encode(key.view()),
            "59d4cee5b140fec7c1234935b8e4b2b1444e5167d1a0e64756e16bf33a0bbae0");
  EXPECT_EQ(pbkdf2_sha256({}, as_bytes("abcdefgh"), 1).size(), 32u) << "an empty passphrase";
}

// Made by: openssl enc -aes-256-cfb -K 000102...1f -iv 101112...1f
TEST(AesCfb, OpensWhatTheOpensslProgramWrote) {
  Bytes key(32);
  for (size_t at = 0; at < key.size(); ++at) key[at] = static_cast<std::byte>(at);
  const ByteView iv = ByteView(key).last(aes_block_bytes);
  const Bytes sealed =
      test::unhex("88e39fe6d35d3d92950ce8f6598188e31b7356fee894e81e77c93b0e13dcd999acdfd17a5e");
  const std::string_view text = "a plaintext of more than a block, 37b";
  EXPECT_EQ(aes256_cfb_decrypt(key, iv, sealed).reveal(), text);
  EXPECT_EQ(aes256_cfb_encrypt(key, iv, as_bytes(text)), sealed);
}

TEST(AesCfb, AnySizeComesBackAndAWrongKeyGivesRubbish) {
  test::SeededRandom random;
  const Bytes key = random.bytes(32);
  const Bytes iv = random.bytes(aes_block_bytes);
  for (const size_t size : {0u, 1u, 15u, 16u, 17u, 5000u}) {
    const Bytes plain = random.bytes(size);
    const Bytes sealed = aes256_cfb_encrypt(key, iv, plain);
    EXPECT_EQ(to_bytes(aes256_cfb_decrypt(key, iv, sealed).reveal()), plain) << size;
    if (size > 1) {
      EXPECT_NE(to_bytes(aes256_cfb_decrypt(random.bytes(32), iv, sealed).reveal()), plain);
    }
  }
}

}  // namespace
}  // namespace lifeboat
