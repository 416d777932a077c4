#include "recipe/grafana/secrets.h"

#include <gmock/gmock.h>

#include "crypto/base64.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using test::error_text;
using testing::HasSubstr;

// Sealed by Python's hashlib.pbkdf2_hmac and `openssl enc -aes-256-cfb`, as Grafana's source says:
// under "a-key-of-its-own", and under a data key of 16 bytes that is sealed under it.
constexpr std::string_view with_algorithm =
    "KllXVnpMV05tWWcqYUJjRGVGZ0gAAQIDBAUGBwgJCgsMDQ4P2rwOiomv6Q8HVhikLGmmEyX1";
constexpr std::string_view without_algorithm =
    "YUJjRGVGZ0gAAQIDBAUGBwgJCgsMDQ4P2rwOiomv6Q8HVhikLGmmEyX1";
constexpr std::string_view in_envelope =
    "I2MyOXRaUzFwWkEjKllXVnpMV05tWWcqMTIzNDU2NzgAAQIDBAUGBwgJCgsMDQ4PKc1IszmJEfP8Rh+sdgwx6cnn";
constexpr const char* data_key_hex =
    "2a5957567a4c574e6d59672a73616c7473616c74000102030405060708090a0b0c0d0e0fbc421205298b8b6ca1879a"
    "497d5b13e7";

class GrafanaSecretsTest : public testing::Test {
 protected:
  GrafanaSecretsTest() {
    database_.exec(
        "CREATE TABLE data_keys(name TEXT, provider TEXT, encrypted_data BLOB);"
        "CREATE TABLE data_source(org_id INTEGER, uid TEXT, name TEXT, secure_json_data TEXT);");
  }
  void add_data_key(const std::string& provider) {
    database_.exec("INSERT INTO data_keys VALUES ('some-id', '" + provider + "', x'" +
                   data_key_hex + "')");
  }
  void add_source(std::string_view sealed) {
    database_.exec("INSERT INTO data_source VALUES (1, 'u', 'Orders', '{\"password\":\"" +
                   std::string(sealed) + "\"}')");
  }
  std::string open(std::string_view base64, std::string_view key = "a-key-of-its-own") {
    const std::string sealed(base64_decode_secret(base64)->reveal());
    return std::string(GrafanaCipher(database_, key).decrypt(sealed).reveal());
  }

  test::TempFolder folder_;
  SqliteDatabase database_{folder_ / "grafana.db", SqliteOpen::write};
};

TEST_F(GrafanaSecretsTest, OpensWhatOthersSealedInEveryForm) {
  add_data_key("secretKey.v1");
  EXPECT_EQ(open(with_algorithm), "orders-db-password");
  EXPECT_EQ(open(without_algorithm), "orders-db-password");
  EXPECT_EQ(open(in_envelope), "orders-db-password");
  EXPECT_NE(open(in_envelope, "another"), "orders-db-password");
}

TEST_F(GrafanaSecretsTest, SaysWhichSecretsDoNotOpen) {
  add_data_key("secretKey.v1");
  add_source(with_algorithm);
  add_source(in_envelope);
  EXPECT_EQ(test_grafana_secrets(database_, "a-key-of-its-own").failing.size(), 0u);
  EXPECT_EQ(test_grafana_secrets(database_, "another").failing.size(), 2u);
  EXPECT_EQ(
      grafana_source_secrets(database_, "a-key-of-its-own").at({1, "u"}).at("password").reveal(),
      "orders-db-password");
  EXPECT_THAT(error_text([&] { grafana_source_secrets(database_, "another"); }),
              HasSubstr("the key does not fit"));
}

TEST_F(GrafanaSecretsTest, AMissingDataKeyIsAFailureAndAForeignOneIsNotJudged) {
  add_source(in_envelope);
  EXPECT_THAT(test_grafana_secrets(database_, "a-key-of-its-own").failing,
              testing::ElementsAre(HasSubstr("data key 'some-id' is not there")));
  add_data_key("awskms.v1");
  const GrafanaSecretTest test = test_grafana_secrets(database_, "a-key-of-its-own");
  EXPECT_EQ(test.total, 0u);
  EXPECT_EQ(test.unknown, 1u);
}

TEST_F(GrafanaSecretsTest, BrokenRowsAreFailingSecretsAndNoErrors) {
  database_.exec("INSERT INTO data_keys VALUES ('some-id', 'secretKey.v1', x'00')");
  add_source(in_envelope);
  add_source("no base64");
  EXPECT_EQ(test_grafana_secrets(database_, "a-key-of-its-own").failing.size(), 2u);
}

TEST_F(GrafanaSecretsTest, BrokenFormsAreErrors) {
  EXPECT_THAT(error_text([&] { open("c2hvcnQ="); }), HasSubstr("too short"));
  const std::string other = "*" + base64_encode_standard(as_bytes("aes-gcm")) + "*";
  EXPECT_THAT(
      error_text([&] { open(base64_encode_standard(as_bytes(other + std::string(40, 'x')))); }),
      HasSubstr("'aes-gcm' is not known"));
}

}  // namespace
}  // namespace lifeboat
