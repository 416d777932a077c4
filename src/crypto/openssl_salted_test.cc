#include "crypto/openssl_salted.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using test::error_text;
using testing::HasSubstr;

constexpr std::string_view passphrase = "7vUI18y6H625Vvhk1rbB/MXDSX5dC4Vp";

TEST(OpensslSalted, OpensAndIsOpenedByTheOpensslProgram) {
  test::SeededRandom random;
  const test::TempFolder folder;
  for (const size_t size : {0u, 1u, 15u, 16u, 17u, 5000u}) {
    const Bytes plain = random.bytes(size);
    test::write_file(folder / "plain", plain);
    const std::string options =
        "-aes-256-cbc -md md5 -base64 -A -pass pass:" + std::string(passphrase);
    const std::string theirs = test::shell_ok("openssl enc -e " + options + " -in " +
                                              (folder / "plain").native() + " 2>/dev/null");
    EXPECT_EQ(to_bytes(openssl_salted_decrypt(theirs, passphrase).reveal()), plain) << size;

    test::write_file(folder / "ours", openssl_salted_encrypt(plain, passphrase, random));
    test::shell_ok("openssl enc -d " + options + " -in " + (folder / "ours").native() + " -out " +
                   (folder / "back").native() + " 2>/dev/null");
    EXPECT_EQ(to_bytes(test::slurp(folder / "back")), plain) << size;
  }
}

// Written by n8n 1.123.81 under the passphrase above.
TEST(OpensslSalted, OpensWhatN8nWrote) {
  const Secret plain = openssl_salted_decrypt(
      "U2FsdGVkX18FWq7zClFKrbh3DeGMj7oa51LFPH8jJ/tsVFo6+9/BCAnCqDTVUcJVNVn2KXe/m0BmaE16gYjmBTB01jbz"
      "txHeyzAT4NdVAXg=",
      passphrase);
  EXPECT_EQ(plain.reveal(), R"({"name":"Authorization","value":"secret-value-1"})");
}

TEST(OpensslSalted, RefusesWhatIsNotExactlyThat) {
  test::SeededRandom random;
  const std::string sealed = openssl_salted_encrypt(as_bytes("{\"a\":1}"), passphrase, random);
  ASSERT_EQ(sealed.size(), 44u);
  const auto why = [](std::string_view text) {
    return error_text([&] { openssl_salted_decrypt(text, passphrase); });
  };
  EXPECT_THAT(why(""), HasSubstr("does not begin with 'Salted__'"));
  EXPECT_THAT(why("{}"), HasSubstr("not canonical base64"));
  EXPECT_THAT(why(sealed + "\n"), HasSubstr("not canonical base64"));
  EXPECT_THAT(why("    " + sealed), HasSubstr("base64"));
  EXPECT_THAT(why(sealed.substr(0, 40)), HasSubstr("whole blocks"));
  EXPECT_THAT(why(sealed.substr(0, 20)), HasSubstr("does not begin with 'Salted__'"));
  // The last digit before the padding has bits that no byte uses.
  std::string loose = sealed;
  ++loose[loose.find('=') - 1];
  EXPECT_THAT(why(loose), HasSubstr("canonical"));
}

TEST(OpensslSalted, AWrongKeyIsACryptoErrorWithoutTheContent) {
  test::SeededRandom random;
  const std::string sealed = openssl_salted_encrypt(as_bytes("hunter2"), passphrase, random);
  size_t refused = 0;
  for (int attempt = 0; attempt < 64; ++attempt) {
    try {
      openssl_salted_decrypt(sealed, "wrong" + std::to_string(attempt));
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::crypto);
      EXPECT_THAT(error.what(), Not(HasSubstr("hunter2")));
      ++refused;
    }
  }
  // About 1 in 256 wrong keys leaves something that looks like padding.
  EXPECT_GE(refused, 60u);
}

}  // namespace
}  // namespace lifeboat
