#include "crypto/kdf.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "crypto/test_vectors.h"

namespace lifeboat {
namespace {

using test::unhex;

std::string hex(const Secret& secret) { return hex_encode(secret.view()); }

// RFC 4231, test cases 1, 2 and 6.
TEST(HmacSha256, PrintsTheValuesOfRfc4231) {
  EXPECT_EQ(hex_encode(hmac_sha256(Bytes(20, std::byte{0x0b}), as_bytes("Hi There"))),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex_encode(hmac_sha256(as_bytes("Jefe"), as_bytes("what do ya want for nothing?"))),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      hex_encode(hmac_sha256(Bytes(131, std::byte{0xaa}),
                             as_bytes("Test Using Larger Than Block-Size Key - Hash Key First"))),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

// RFC 5869, test cases 1 and 3; the first 32 bytes of a longer output are the 32-byte output.
TEST(HkdfSha256, PrintsTheValuesOfRfc5869) {
  const Bytes info = unhex("f0f1f2f3f4f5f6f7f8f9");
  EXPECT_EQ(hex(hkdf_sha256(Bytes(22, std::byte{0x0b}), unhex("000102030405060708090a0b0c"),
                            as_text(info))),
            "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf");
  EXPECT_EQ(hex(hkdf_sha256(Bytes(22, std::byte{0x0b}), {}, "")),
            "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d");
}

// RFC 7914, section 12; the first half of its 64-byte values.
TEST(Scrypt, PrintsTheValuesOfRfc7914) {
  EXPECT_EQ(hex(scrypt("", {}, {.log2_n = 4, .r = 1, .p = 1})),
            "77d6576238657b203b19ca42c18a0497f16b4844e3074ae8dfdffa3fede21442");
  EXPECT_EQ(hex(scrypt("password", as_bytes("NaCl"), {.log2_n = 10, .r = 8, .p = 16})),
            "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b373162");
  EXPECT_EQ(hex(scrypt("pleaseletmein", as_bytes("SodiumChloride"), {.log2_n = 14})),
            "7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2");
}

TEST(Scrypt, IsNotHeldByTheDefaultMemoryLimitOf32MiB) {
  EXPECT_GT(scrypt_memory_bytes({.log2_n = 16}), 64U * 1024 * 1024);
  EXPECT_EQ(scrypt("p", as_bytes("s"), {.log2_n = 16}).size(), 32u);
}

TEST(Scrypt, SaysHowMuchMemoryIsMissing) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "the sanitizer stops the program instead of failing the allocation";
#endif
  try {
    (void)scrypt("p", as_bytes("s"), {.log2_n = 47});
    FAIL() << "no machine has 128 PiB";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::limit);
    EXPECT_NE(error.message().find("of memory"), std::string::npos);
  }
}

TEST(ConstantTimeEqual, ComparesSizesAndBytes) {
  EXPECT_TRUE(constant_time_equal({}, {}));
  EXPECT_TRUE(constant_time_equal(as_bytes("abc"), as_bytes("abc")));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), as_bytes("abd")));
  EXPECT_FALSE(constant_time_equal(as_bytes("abc"), as_bytes("ab")));
}

}  // namespace
}  // namespace lifeboat
