#include "codec/age/bech32.h"

#include <gtest/gtest.h>

#include "support/doubles.h"

namespace lifeboat::age {
namespace {

std::string encode(std::string_view prefix, ByteView data) {
  return std::string(bech32_encode(prefix, data).reveal());
}

// https://github.com/bitcoin/bips/blob/master/bip-0173.mediawiki#test-vectors, those of whole bytes
TEST(Bech32, TakesTheValidExamplesOfBip173) {
  const Bech32 empty = bech32_decode("A12UEL5L");
  EXPECT_EQ(empty.fault, "");
  EXPECT_EQ(empty.prefix, "a");
  EXPECT_TRUE(empty.data.empty());
  const Bech32 counted = bech32_decode("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw");
  EXPECT_EQ(counted.fault, "");
  EXPECT_EQ(hex_encode(counted.data.view()), "00443214c74254b635cf84653a56d7c675be77df");
  const Bech32 separators =
      bech32_decode("split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w");
  EXPECT_EQ(separators.fault, "");
  EXPECT_EQ(separators.prefix, "split");
  EXPECT_EQ(bech32_decode("?1ezyfcl").fault, "");
}

TEST(Bech32, RefusesTheInvalidExamplesOfBip173) {
  for (const char* text : {"\x20"
                           "1nwldj5",
                           "\x7f"
                           "1axkwrx",
                           "pzry9x0s0muk", "1pzry9x0s0muk", "x1b4n0q5v", "li1dgmt3", "de1lg7wt\xff",
                           "A1G7SGD8", "10a06t8", "1qzzfhee", "", "1"}) {
    EXPECT_NE(bech32_decode(text).fault, "") << text;
  }
}

// The identity and the recipient that https://c2sp.org/age gives as examples.
TEST(Bech32, PrintsTheExampleKeysOfAge) {
  const Bytes key(32, std::byte{0x42});
  const std::string text = encode("age-secret-key-", key);
  EXPECT_EQ(text, "age-secret-key-1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpq4egaex");
  EXPECT_EQ(hex_encode(bech32_decode(text).data.view()), hex_encode(key));
}

TEST(Bech32, ReturnsAnyBytesUnchangedBeyond90Characters) {
  lifeboat::test::SeededRandom random;
  for (size_t size = 0; size < 100; ++size) {
    const Bytes data = random.bytes(size);
    const std::string text = encode("age", data);
    const Bech32 decoded = bech32_decode(text);
    EXPECT_EQ(decoded.fault, "") << text;
    EXPECT_EQ(decoded.prefix, "age");
    EXPECT_EQ(hex_encode(decoded.data.view()), hex_encode(data));
  }
}

TEST(Bech32, SeesEveryChangedCharacter) {
  const std::string text = encode("age", lifeboat::test::SeededRandom().bytes(32));
  for (size_t at = 0; at < text.size(); ++at) {
    for (const char letter : {'q', 'p', 'z', 'l', 'b', '1', 'Q', ' '}) {
      std::string changed = text;
      if (changed[at] == letter) continue;
      changed[at] = letter;
      EXPECT_NE(bech32_decode(changed).fault, "") << changed;
    }
  }
}

// Right checksums over digits that no encoder makes: of the bits behind the last byte, some are set
// or there are five or more.
TEST(Bech32, RefusesASecondSpellingOfTheSameBytes) {
  EXPECT_EQ(bech32_decode("age1qqpexly5").fault, "");
  for (const char* text : {"age1qpu0j2ex", "age1qqqyst3gn", "age1qdd35qf"}) {
    EXPECT_EQ(bech32_decode(text).fault, "it is not in canonical form") << text;
  }
}

TEST(Bech32, NamesWhatIsWrong) {
  EXPECT_EQ(bech32_decode("age1Qqqqqqqq").fault, "it mixes upper and lower case");
  EXPECT_EQ(bech32_decode("qqqq").fault, "it has no prefix");
  EXPECT_EQ(bech32_decode("age1qqqqq").fault, "it is too short");
  EXPECT_EQ(bech32_decode("age1qqqqqqb").fault, "it has a character that is not allowed");
  EXPECT_EQ(bech32_decode("age1qqqqqqq").fault, "its checksum does not match");
}

}  // namespace
}  // namespace lifeboat::age
