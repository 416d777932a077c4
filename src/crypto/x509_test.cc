#include "crypto/x509.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/format.h"
#include "crypto/base64.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using test::error_text;
using test::shell_ok;
using test::slurp;
using test::TempFolder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// Certificates by the real openssl(1), in all the forms keys come in.
class X509Test : public testing::Test {
 protected:
  // KIND: what `openssl req -newkey` takes.
  void make(const std::string& name, const std::string& kind) {
    shell_ok(
        format("cd '{}' && openssl req -x509 -newkey {} -nodes -keyout {}.key -out {}.crt "
               "-days 90 -subj /CN=example.org -addext "
               "subjectAltName=DNS:example.org,DNS:*.example.org,IP:192.0.2.1,IP:2001:db8::1 "
               "2>&1",
               folder_.path().native(), kind, name, name));
  }
  std::string text(const std::string& name) { return slurp(folder_ / name); }

  static constexpr const char* p256 = "ec -pkeyopt ec_paramgen_curve:P-256";
  TempFolder folder_;
};

TEST_F(X509Test, ReadsNamesAndDates) {
  make("a", p256);
  const auto chain = parse_x509_chain(text("a.crt"));
  ASSERT_EQ(chain.size(), 1u);
  EXPECT_EQ(chain[0].subject, "example.org");
  EXPECT_THAT(chain[0].names,
              ElementsAre("example.org", "*.example.org", "192.0.2.1", "2001:db8::1"));
  const std::string end =
      shell_ok(format("openssl x509 -in '{}' -noout -enddate | cut -d= -f2 | "
                      "xargs -I@ date -u -d @ +%Y-%m-%dT%H:%M:%SZ",
                      (folder_ / "a.crt").native()));
  EXPECT_EQ(print_time(chain[0].not_after) + "\n", end);
  EXPECT_EQ(chain[0].not_after - chain[0].not_before, std::chrono::days(90));
}

TEST_F(X509Test, ReadsChainsLeafFirst) {
  make("a", p256);
  make("b", p256);
  EXPECT_EQ(parse_x509_chain(text("a.crt") + "comment\n" + text("b.crt")).size(), 2u);
  EXPECT_TRUE(x509_key_matches(text("a.crt") + text("b.crt"), text("a.key")));
  EXPECT_FALSE(x509_key_matches(text("a.crt") + text("b.crt"), text("b.key")));
}

TEST_F(X509Test, KeysOfAllFormsMatchOnlyTheirOwn) {
  for (const char* kind : {p256, "rsa:2048", "ed25519"}) {
    make("a", kind);
    make("b", kind);
    EXPECT_TRUE(x509_key_matches(text("a.crt"), text("a.key"))) << kind;
    EXPECT_FALSE(x509_key_matches(text("a.crt"), text("b.key"))) << kind;
  }
  make("rsa", "rsa:2048");
  shell_ok(format("cd '{}' && openssl rsa -in rsa.key -traditional -out rsa1.key 2>&1",
                  folder_.path().native()));
  EXPECT_THAT(text("rsa1.key"), HasSubstr("BEGIN RSA PRIVATE KEY"));
  EXPECT_TRUE(x509_key_matches(text("rsa.crt"), text("rsa1.key")));
  make("ec", p256);
  shell_ok(format("cd '{}' && openssl ec -in ec.key -out ec1.key 2>&1", folder_.path().native()));
  EXPECT_THAT(text("ec1.key"), HasSubstr("BEGIN EC PRIVATE KEY"));
  EXPECT_TRUE(x509_key_matches(text("ec.crt"), text("ec1.key")));
}

TEST_F(X509Test, NewKeysAreKeysButFitNothing) {
  make("a", p256);
  const Secret key = new_private_key_pem();
  EXPECT_THAT(std::string(key.reveal()), testing::StartsWith("-----BEGIN PRIVATE KEY-----\n"));
  EXPECT_FALSE(x509_key_matches(text("a.crt"), key.reveal()));
}

TEST_F(X509Test, RefusesWhatDoesNotParse) {
  make("a", p256);
  const std::string good = text("a.crt");
  EXPECT_THAT(error_text([] { parse_x509_chain(""); }), HasSubstr("there is none"));
  EXPECT_THAT(error_text([&] { parse_x509_chain(good.substr(0, good.size() / 2)); }),
              HasSubstr("malformed"));
  std::string damaged = good;
  damaged.replace(200, 1, "!");
  EXPECT_THAT(error_text([&] { parse_x509_chain(good + damaged); }), HasSubstr("malformed"));
  std::string many;
  for (int copy = 0; copy < 17; ++copy) many += good;
  EXPECT_THAT(error_text([&] { parse_x509_chain(many); }), HasSubstr("more than 16"));
  EXPECT_THAT(error_text([] { parse_x509_chain(std::string(300 * 1024, 'x')); }),
              HasSubstr("larger than 256 KiB"));
  EXPECT_EQ(parse_x509_chain(good).size(), 1u) << "earlier failures leave nothing behind";
}

TEST_F(X509Test, DamagedOrEncryptedKeysAreErrorsThatTellNothing) {
  make("a", p256);
  const std::string key = text("a.key");
  const std::string half = key.substr(0, key.size() / 2);
  const std::string told = error_text([&] { x509_key_matches(text("a.crt"), half); });
  EXPECT_THAT(told, HasSubstr("malformed or encrypted"));
  EXPECT_THAT(told, Not(HasSubstr(key.substr(40, 10))));
  shell_ok(format("cd '{}' && openssl pkcs8 -topk8 -in a.key -passout pass:x -out locked.key 2>&1",
                  folder_.path().native()));
  EXPECT_THAT(error_text([&] { x509_key_matches(text("a.crt"), text("locked.key")); }),
              HasSubstr("malformed or encrypted"));
}

TEST(Base64, IsStrict) {
  for (const char* text : {"", "YQ==", "YWI=", "YWJj", "/+8="}) {
    const auto decoded = base64_decode_secret(text);
    ASSERT_TRUE(decoded) << text;
    EXPECT_EQ(base64_encode_standard(decoded->view()), text);
  }
  for (const char* text : {"YQ", "YR==", "YQ== ", " YQ=", "YQ=\n", "Y===", "_-8=", "YQ==YQ=="}) {
    EXPECT_FALSE(base64_decode_secret(text)) << text;
  }
}

}  // namespace
}  // namespace lifeboat
