#include "crypto/x25519.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "crypto/test_vectors.h"

namespace lifeboat {
namespace {

using test::unhex;
using test::unhex_point;

// RFC 7748, section 6.1.
TEST(X25519, AgreesWithTheKeysOfRfc7748) {
  const Bytes alice = unhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a");
  const Bytes bob = unhex("5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb");
  EXPECT_EQ(hex_encode(x25519_public_key(alice)),
            "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a");
  EXPECT_EQ(hex_encode(x25519_public_key(bob)),
            "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f");
  const char* shared = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";
  EXPECT_EQ(hex_encode(x25519_shared_secret(alice, x25519_public_key(bob)).value().view()), shared);
  EXPECT_EQ(hex_encode(x25519_shared_secret(bob, x25519_public_key(alice)).value().view()), shared);
}

// RFC 7748, section 5.2: the top bit of a point is ignored.
TEST(X25519, AgreesWithTheFunctionOfRfc7748) {
  const Bytes scalar = unhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
  const auto point =
      unhex_point("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c");
  EXPECT_EQ(hex_encode(x25519_shared_secret(scalar, point).value().view()),
            "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552");
  const Bytes second = unhex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d");
  const auto top = unhex_point("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493");
  EXPECT_EQ(hex_encode(x25519_shared_secret(second, top).value().view()),
            "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957");
}

TEST(X25519, HasNoSharedSecretWithALowOrderPoint) {
  const Bytes scalar = unhex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4");
  for (const auto text : test::low_order_points) {
    X25519Point point = unhex_point(text);
    EXPECT_FALSE(x25519_shared_secret(scalar, point).has_value()) << text;
    point[31] |= std::byte{0x80};
    EXPECT_FALSE(x25519_shared_secret(scalar, point).has_value()) << text << ", top bit set";
  }
}

TEST(X25519, TakesPrivateKeysOf32BytesOnly) {
  EXPECT_THROW(x25519_public_key(Bytes(31)), Bug);
  EXPECT_THROW(x25519_public_key(Bytes(33)), Bug);
}

}  // namespace
}  // namespace lifeboat
