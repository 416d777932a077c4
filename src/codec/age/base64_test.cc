#include "codec/age/base64.h"

#include <gtest/gtest.h>

#include "support/doubles.h"

namespace lifeboat::age {
namespace {

TEST(Base64, PrintsTheExamplesOfRfc4648) {
  const std::pair<const char*, const char*> examples[] = {{"", ""},
                                                          {"f", "Zg=="},
                                                          {"fo", "Zm8="},
                                                          {"foo", "Zm9v"},
                                                          {"foob", "Zm9vYg=="},
                                                          {"fooba", "Zm9vYmE="},
                                                          {"foobar", "Zm9vYmFy"}};
  for (const auto& [plain, padded] : examples) {
    EXPECT_EQ(base64_encode(as_bytes(plain), Base64Padding::required), padded);
    EXPECT_EQ(base64_decode(padded, Base64Padding::required), to_bytes(plain));
    std::string raw = padded;
    while (raw.ends_with('=')) raw.pop_back();
    EXPECT_EQ(base64_encode(as_bytes(plain), Base64Padding::none), raw);
    EXPECT_EQ(base64_decode(raw, Base64Padding::none), to_bytes(plain));
  }
}

TEST(Base64, ReturnsAnyBytesUnchanged) {
  test::SeededRandom random;
  for (size_t size = 0; size < 100; ++size) {
    const Bytes bytes = random.bytes(size);
    for (const auto padding : {Base64Padding::none, Base64Padding::required}) {
      EXPECT_EQ(base64_decode(base64_encode(bytes, padding), padding), bytes);
    }
  }
}

TEST(Base64, RefusesEverySecondSpellingOfTheSameBytes) {
  for (const char* text : {"Zg==", "Zm8=", "Zg=", "Z", "Zm9vY", "Zh", "Zm9", "Zm9v\n", " Zm9v",
                           "Zm 9v", "Zm9v\r", "Zm-_", "Zm9v====", "="}) {
    EXPECT_EQ(base64_decode(text, Base64Padding::none), std::nullopt) << text;
  }
  for (const char* text : {"Zg", "Zg=", "Zg===", "Zh==", "Zm9=", "Zm9v====", "====", "Zm==9v==",
                           "=", "Z===", "Zm9v\n", "Zm8=\n", "Zm-_"}) {
    EXPECT_EQ(base64_decode(text, Base64Padding::required), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace lifeboat::age
