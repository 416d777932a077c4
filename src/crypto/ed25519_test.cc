#include "crypto/ed25519.h"

#include <gmock/gmock.h>

#include "base/error.h"
#include "base/format.h"
#include "crypto/base64.h"
#include "crypto/test_vectors.h"
#include "crypto/x509.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

using test::error_text;
using test::shell_ok;
using test::unhex;
using testing::HasSubstr;
using testing::Not;

// RFC 8410, section 7: the PKCS#8 form of a private key, before its 32 bytes.
constexpr std::string_view pkcs8_begin = "302e020100300506032b657004220420";

Ed25519PrivateKey private_key(std::string_view seed_hex) {
  const Bytes der = unhex(std::string(pkcs8_begin) + std::string(seed_hex));
  return Ed25519PrivateKey::parse_pem(format(
      "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n", base64_encode_standard(der)));
}

Ed25519PublicKey public_key(std::string_view hex) {
  const Bytes bytes = unhex(hex);
  Ed25519PublicKey::Raw raw{};
  std::ranges::copy(bytes, raw.begin());
  return Ed25519PublicKey(raw);
}

struct Vector {
  std::string_view seed;
  std::string_view public_key;
  std::string_view message;
  std::string_view signature;
};

// RFC 8032, section 7.1: TEST 1, 2, 3 and SHA(abc).
constexpr Vector vectors[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b"
     "4"
     "6bd25bf5f0595bbe24655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11"
     "d"
     "8c387b2eaeb4302aeeb00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc"
     "6"
     "594a7c15e9716ed28dc027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3fee"
     "b"
     "bd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e"
     "0"
     "303dca179c138ac17ad9bef1177331a704"},
};

TEST(Ed25519, AgreesWithRfc8032) {
  for (const Vector& vector : vectors) {
    const Ed25519PrivateKey key = private_key(vector.seed);
    const Bytes message = unhex(vector.message);
    EXPECT_EQ(key.public_key(), public_key(vector.public_key));
    const Ed25519Signature signature = key.sign(message);
    EXPECT_EQ(hex_encode(signature), vector.signature);
    EXPECT_TRUE(key.public_key().verify(message, signature));
  }
}

TEST(Ed25519, RefusesAnyFlippedBit) {
  test::SeededRandom random;
  const auto key = Ed25519PrivateKey::generate(random);
  const Bytes message = to_bytes("the manifest");
  const Ed25519Signature signature = key.sign(message);
  for (size_t bit = 0; bit < signature.size() * 8; ++bit) {
    Ed25519Signature flipped = signature;
    flipped[bit / 8] ^= std::byte(1 << (bit % 8));
    EXPECT_FALSE(key.public_key().verify(message, flipped)) << "signature, bit " << bit;
  }
  for (size_t bit = 0; bit < message.size() * 8; ++bit) {
    Bytes flipped = message;
    flipped[bit / 8] ^= std::byte(1 << (bit % 8));
    EXPECT_FALSE(key.public_key().verify(flipped, signature)) << "message, bit " << bit;
  }
  EXPECT_FALSE(Ed25519PrivateKey::generate(random).public_key().verify(message, signature));
  EXPECT_FALSE(public_key(std::string(64, 'f')).verify(message, signature)) << "no curve point";
}

TEST(Ed25519, PublicKeysHaveOneText) {
  const Ed25519PublicKey key = public_key(vectors[0].public_key);
  EXPECT_EQ(key.text(), "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=");
  EXPECT_EQ(Ed25519PublicKey::parse(key.text()), key);
  const std::string text = key.text();
  const std::vector<std::string> others{
      "", "ed25519:", text.substr(8), text + "\n", " " + text, text.substr(0, text.size() - 1),
      text + "=", "ed25519:11qYAYKxCrfVS/7TyWQHOg==",
      // The last letter's two unused bits are not zero.
      text.substr(0, text.size() - 2) + "p=", "Ed25519" + text.substr(7)};
  for (const std::string& other : others) {
    EXPECT_EQ(Ed25519PublicKey::parse(other), std::nullopt) << other;
  }
}

TEST(Ed25519, OurKeysServeTheOpensslProgram) {
  test::SeededRandom random;
  const test::TempFolder folder;
  const std::string at = "cd " + folder.path().native() + " && ";
  const auto key = Ed25519PrivateKey::generate(random);
  const Bytes message = random.bytes(3000);
  test::write_file(folder / "message", message);
  test::write_file(folder / "private.pem", key.pem().reveal());
  test::write_file(folder / "public.pem", key.public_key().pem());
  test::write_file(folder / "ours.sig", ByteView(key.sign(message)));
  shell_ok(at + "openssl pkeyutl -sign -inkey private.pem -rawin -in message -out theirs.sig");
  EXPECT_EQ(test::slurp(folder / "theirs.sig"), test::slurp(folder / "ours.sig"));
  const std::string verify =
      at + "openssl pkeyutl -verify -pubin -inkey public.pem -rawin -in message -sigfile ours.sig";
  shell_ok(verify);
  EXPECT_EQ(shell_ok(at + "openssl pkey -in private.pem -pubout"), key.public_key().pem());
  EXPECT_EQ(shell_ok(at + "openssl pkey -in private.pem"), key.pem().reveal());
  test::write_file(folder / "message", "another");
  EXPECT_NE(test::shell(verify).status, 0);
}

TEST(Ed25519, ReadsKeysAndSignaturesOfTheOpensslProgram) {
  const test::TempFolder folder;
  const std::string at = "cd " + folder.path().native() + " && ";
  shell_ok(at +
           "openssl genpkey -algorithm ed25519 -out private.pem && printf hello > message && "
           "openssl pkeyutl -sign -inkey private.pem -rawin -in message -out theirs.sig");
  const auto key = Ed25519PrivateKey::parse_pem(test::slurp(folder / "private.pem"));
  const Bytes theirs = to_bytes(test::slurp(folder / "theirs.sig"));
  Ed25519Signature signature{};
  ASSERT_EQ(theirs.size(), signature.size());
  std::ranges::copy(theirs, signature.begin());
  EXPECT_TRUE(key.public_key().verify(as_bytes("hello"), signature));
  EXPECT_EQ(key.public_key().pem(), shell_ok(at + "openssl pkey -in private.pem -pubout"));
}

TEST(Ed25519, RefusesOtherTextsAsPrivateKeys) {
  const test::TempFolder folder;
  const std::string at = "cd " + folder.path().native() + " && ";
  const auto refusal = [](const std::string& pem) {
    return error_text([&] { Ed25519PrivateKey::parse_pem(pem); });
  };
  const std::string none = "no readable private key";
  EXPECT_THAT(refusal(""), HasSubstr(none));
  EXPECT_THAT(refusal("AGE-SECRET-KEY-1QQQ"), HasSubstr(none));
  EXPECT_THAT(refusal(public_key(vectors[0].public_key).pem()), HasSubstr(none));
  EXPECT_THAT(refusal(shell_ok(at + "openssl genpkey -algorithm ed25519 -aes256 -pass pass:x")),
              HasSubstr(none));
  EXPECT_THAT(refusal(std::string(new_private_key_pem().reveal())), HasSubstr("of another kind"));
  EXPECT_THAT(refusal(shell_ok(at + "openssl genpkey -algorithm x25519")),
              HasSubstr("of another kind"));
  EXPECT_THAT(refusal(std::string(70000, 'x')), HasSubstr("larger than 64 KiB"));
  std::string damaged(private_key(vectors[0].seed).pem().reveal());
  damaged.resize(damaged.size() / 2);
  const std::string told = refusal(damaged);
  EXPECT_THAT(told, HasSubstr("hint: Make one with 'lifeboat keygen --signing'"));
  EXPECT_THAT(told, Not(HasSubstr(damaged.substr(28, 20))));
}

}  // namespace
}  // namespace lifeboat
