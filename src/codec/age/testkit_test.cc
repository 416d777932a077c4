// Runs the public age test vectors found in the folder that LIFEBOAT_AGE_TESTKIT names, and proves
// that the runner itself can fail.

#include "codec/age/testkit.h"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iostream>

#include "codec/age/vector_maker.h"
#include "crypto/test_vectors.h"
#include "support/shell.h"

namespace lifeboat::age::test {
namespace {

std::string good_vector() {
  VectorMaker file;
  return file.header().payload().print();
}

TEST(AgeTestkit, RunsAllVectorsOfAFolder) {
  const char* folder = std::getenv("LIFEBOAT_AGE_TESTKIT");
  if (folder == nullptr) GTEST_SKIP() << "LIFEBOAT_AGE_TESTKIT names no folder of vectors";
  size_t run = 0;
  size_t skipped = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    const std::string text = lifeboat::test::slurp(entry.path());
    if (!text.starts_with("expect: ")) continue;
    SCOPED_TRACE(entry.path().filename().string());
    const Vector vector = parse_vector(text);
    if (vector.skip.empty()) {
      check_vector(vector);
      ++run;
    } else {
      ++skipped;
    }
  }
  RecordProperty("vectors_run", std::to_string(run));
  RecordProperty("vectors_skipped", std::to_string(skipped));
  std::cerr << run << " vectors run, " << skipped << " skipped\n";
  EXPECT_GT(run, 0u);
}

TEST(AgeTestkit, ReadsTheKeysOfAVector) {
  const Vector vector = parse_vector(good_vector());
  EXPECT_EQ(vector.expect, "success");
  EXPECT_EQ(vector.identities.size(), 1u);
  EXPECT_FALSE(vector.armored);
  EXPECT_TRUE(as_text(vector.file).starts_with("age-encryption.org/v1\n"));
  EXPECT_FALSE(parse_vector("expect: success\ncompressed: xz\n\n").skip.empty());
  EXPECT_FALSE(parse_vector("expect: success\nnew: 1\n\n").skip.empty());
  EXPECT_FALSE(parse_vector("expect: success\nidentity: AGE-SECRET-KEY-PQ-1AA\n\n").skip.empty());
}

// "age" as zlib packs it: https://www.rfc-editor.org/rfc/rfc1950
TEST(AgeTestkit, UnpacksCompressedVectors) {
  const Bytes packed = lifeboat::test::unhex("789c4b4c4f05000259012e");
  const Vector vector =
      parse_vector("expect: success\ncompressed: zlib\n\n" + std::string(as_text(packed)));
  EXPECT_EQ(as_text(vector.file), "age");
}

TEST(AgeTestkit, SeesAnotherPlaintext) {
  std::string text = good_vector();
  const size_t at = text.find("payload: ") + 9;
  text[at] = text[at] == '0' ? '1' : '0';
  EXPECT_NONFATAL_FAILURE(check_vector(parse_vector(text)), "3 bytes were released");
}

TEST(AgeTestkit, SeesAnotherOutcome) {
  const Vector vector = parse_vector(good_vector());
  EXPECT_EQ(decrypt_stream(vector).result, "success");
  Vector damaged = vector;
  damaged.file.back() ^= std::byte{1};
  EXPECT_EQ(decrypt_stream(damaged).result, "payload failure");
  EXPECT_EQ(decrypt_at_random(damaged).result, "payload failure");
  damaged.identities.clear();
  EXPECT_EQ(decrypt_stream(damaged).result, "no match");
}

}  // namespace
}  // namespace lifeboat::age::test
