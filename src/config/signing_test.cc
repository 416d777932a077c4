#include "config/signing.h"

#include <gmock/gmock.h>

#include "config/test_world.h"
#include "crypto/x509.h"
#include "support/doubles.h"

namespace lifeboat::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// Of RFC 8032.
constexpr std::string_view public_key = "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";

std::string with_signing(std::string_view section) {
  return std::string(small_config) + "signing: " + std::string(section) + "\n";
}

TEST(Signing, IsNoneUnlessConfigured) {
  World world;
  const Config config = world.load(small_config);
  EXPECT_TRUE(config.signing.trusted.empty());
  EXPECT_EQ(load_signing_key(config.signing), std::nullopt);
}

TEST(Signing, ReadsTheKeyFileAndTheTrustedKeys) {
  World world;
  SeededRandom random;
  const auto key = Ed25519PrivateKey::generate(random);
  world.write("signing.key", key.pem().reveal());
  const std::string own = key.public_key().text();
  const Config config = world.load(with_signing("{key_file: signing.key, trusted: [\"" + own +
                                                "\", \"" + std::string(public_key) + "\"]}"));
  EXPECT_THAT(config.signing.trusted,
              ElementsAre(key.public_key(), *Ed25519PublicKey::parse(public_key)));
  EXPECT_EQ(load_signing_key(config.signing)->public_key(), key.public_key());
  EXPECT_EQ(config.text_without_secrets.find("PRIVATE"), std::string::npos);
}

TEST(Signing, FaultsOfTrustedKeysHavePlaceAndHint) {
  World world;
  EXPECT_EQ(world.faults(with_signing("{trusted: [" + std::string(public_key) +
                                      ", age1one, \"ed25519:AAAA\"]}")),
            R"(lifeboat.yaml:8:75: signing.trusted: 'age1one' is not a public signing key
  hint: It looks like ed25519:... and 'lifeboat keygen --signing -y KEYFILE' prints it.
lifeboat.yaml:8:84: signing.trusted: 'ed25519:AAAA' is not a public signing key
  hint: It looks like ed25519:... and 'lifeboat keygen --signing -y KEYFILE' prints it.)");
}

TEST(Signing, FaultsOfTheKeyFileHavePlaceAndHint) {
  World world;
  SeededRandom random;
  const std::string pem(Ed25519PrivateKey::generate(random).pem().reveal());
  const Config config = world.load(with_signing("\n  key_file: signing.key"));
  const auto fault = [&] {
    return world.without_folder(error_text([&] { load_signing_key(config.signing); }));
  };
  EXPECT_THAT(fault(), HasSubstr("lifeboat.yaml:9:13: signing.key_file: open 'signing.key': "));
  EXPECT_THAT(fault(), HasSubstr("hint: Make one with: lifeboat keygen --signing -o signing.key"));
  world.write("signing.key", pem, 0640);
  EXPECT_THAT(fault(), HasSubstr("'signing.key' is refused: its mode is 0640"));
  EXPECT_THAT(fault(), HasSubstr("hint: Run: chmod 600 signing.key"));
  world.write("signing.key", "no key", 0600);
  EXPECT_THAT(fault(), HasSubstr("'signing.key': parse a signing key: there is no readable"));
  world.write("signing.key", new_private_key_pem().reveal(), 0600);
  EXPECT_THAT(fault(), HasSubstr("of another kind than Ed25519"));
  world.write("signing.key", pem, 0600);
  EXPECT_TRUE(load_signing_key(config.signing).has_value());
}

}  // namespace
}  // namespace lifeboat::test
