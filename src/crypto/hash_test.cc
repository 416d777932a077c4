#include "crypto/hash.h"

#include <gtest/gtest.h>

#include "crypto/sha256_pair.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

// https://csrc.nist.gov/projects/cryptographic-standards-and-guidelines/example-values
TEST(Sha256, PrintsThePublishedDigests) {
  EXPECT_EQ(sha256_hex({}), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex(as_bytes("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex(as_bytes("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

TEST(Sha256, AgreesWithSha256sum) {
  const test::TempFolder folder;
  const Bytes data = test::SeededRandom().bytes(100'001);
  test::write_file(folder / "data", data);
  const std::string line = test::shell_ok("sha256sum < " + (folder / "data").string());
  EXPECT_EQ(line.substr(0, 64), sha256_hex(data));
}

TEST(Sha256, DoesNotDependOnHowTheStreamIsCut) {
  test::SeededRandom random;
  const Bytes data = random.bytes(5000);
  for (const size_t step : {1, 55, 56, 63, 64, 65, 4999, 5000}) {
    Sha256 hash;
    for (size_t at = 0; at < data.size(); at += step) {
      hash.update(ByteView(data).subspan(at, std::min(step, data.size() - at)));
    }
    EXPECT_EQ(hash.finish(), sha256(data)) << step;
  }
}

// Against itself one by one, at all positions of the two to a block and to each other.
TEST(Sha256, OfTwoAtOnceIsThatOfEach) {
  if (!has_sha256_pair()) GTEST_SKIP() << "this processor has no SHA extensions";
  test::SeededRandom random;
  const Bytes data = random.bytes(4000);
  for (const size_t before : {0, 1, 63, 64, 100, 128}) {
    for (const size_t other : {0UL, 64UL, before}) {
      for (const size_t step : {1, 27, 63, 64, 65, 128, 1000, 4000}) {
        Sha256 left;
        Sha256 right;
        Sha256 left_alone;
        Sha256 right_alone;
        left.update(ByteView(data).first(before));
        left_alone.update(ByteView(data).first(before));
        right.update(ByteView(data).subspan(7, other));
        right_alone.update(ByteView(data).subspan(7, other));
        for (size_t at = 0; at < data.size(); at += step) {
          const ByteView part = ByteView(data).subspan(at, std::min(step, data.size() - at));
          Sha256::update_both(left, right, part);
          left_alone.update(part);
          right_alone.update(part);
        }
        EXPECT_EQ(left.finish(), left_alone.finish()) << before << ' ' << other << ' ' << step;
        EXPECT_EQ(right.finish(), right_alone.finish()) << before << ' ' << other << ' ' << step;
      }
    }
  }
}

// The length goes into the digest: beyond 32 bits of it too.
TEST(Sha256, OfTwoAtOnceCountsBeyond512Megabytes) {
  const Bytes data(1 << 24);
  Sha256 left;
  Sha256 right;
  Sha256 alone;
  for (int times = 0; times < 33; ++times) {
    Sha256::update_both(left, right, data);
    alone.update(data);
  }
  const Sha256Digest expected = alone.finish();
  EXPECT_EQ(left.finish(), expected);
  EXPECT_EQ(right.finish(), expected);
}

TEST(Sha256, StartsAnewAfterFinish) {
  Sha256 hash;
  hash.update(as_bytes("abc"));
  const Sha256Digest first = hash.finish();
  EXPECT_EQ(hash.finish(), sha256({}));
  hash.update(as_bytes("abc"));
  EXPECT_EQ(hash.finish(), first);
}

TEST(Sha256, MovesWithWhatItHasSeen) {
  Sha256 hash;
  hash.update(as_bytes("a"));
  Sha256 moved = std::move(hash);
  moved.update(as_bytes("bc"));
  EXPECT_EQ(moved.finish(), sha256(as_bytes("abc")));
}

// RFC 1321, A.5, and the tool for what is not published there.
TEST(Md5, PrintsThePublishedDigests) {
  EXPECT_EQ(md5_hex({}), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex(as_bytes("abc")), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(md5_hex(as_bytes("message digest")), "f96b697d7cb7938d525a2f31aaf161d0");
}

TEST(Md5, InBase64AndOfDigestsAgreesWithOpenssl) {
  EXPECT_EQ(md5_base64(as_bytes("abc")) + "\n",
            test::shell_ok("printf abc | openssl dgst -md5 -binary | base64"));
  Bytes joined;
  for (const char* part : {"part 1", "part 2"}) {
    const Md5Digest digest = md5(as_bytes(part));
    joined.insert(joined.end(), digest.begin(), digest.end());
  }
  const std::string judged = test::shell_ok(
      "for part in 'part 1' 'part 2'; do printf \"$part\" | openssl dgst -md5 -binary; done | "
      "md5sum");
  EXPECT_EQ(md5_hex(joined), judged.substr(0, 32));
}

}  // namespace
}  // namespace lifeboat
