// Keys as text: what is taken, and that a refusal helps without showing a private key.

#include <gtest/gtest.h>

#include <algorithm>

#include "base/error.h"
#include "codec/age/age.h"
#include "codec/age/bech32.h"
#include "support/doubles.h"

namespace lifeboat::age {
namespace {

using lifeboat::test::error_text;

// The examples of https://c2sp.org/age
constexpr std::string_view example_identity =
    "AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX";
constexpr std::string_view example_recipient =
    "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

TEST(AgeKeys, ReadAndPrintTheExamplesOfTheSpecification) {
  const Identity identity = parse_identities(example_identity, "keys").front();
  EXPECT_EQ(identity.text().reveal(), example_identity);
  EXPECT_EQ(identity.recipient().text(), example_recipient);
  EXPECT_EQ(parse_recipient(example_recipient).text(), example_recipient);
  EXPECT_FALSE(identity.is_scrypt());
}

TEST(AgeKeys, AreGeneratedFromTheGivenRandomness) {
  lifeboat::test::SeededRandom random;
  const Identity first = Identity::generate(random);
  const Identity second = Identity::generate(random);
  EXPECT_NE(first.recipient().text(), second.recipient().text());
  lifeboat::test::SeededRandom again;
  EXPECT_EQ(Identity::generate(again).text().reveal(), first.text().reveal());
}

TEST(AgeKeys, OfScryptHaveNoText) {
  EXPECT_EQ(Recipient::scrypt(Secret("p")).text(), "");
  EXPECT_TRUE(Recipient::scrypt(Secret("p")).is_scrypt());
  EXPECT_THROW(Identity::scrypt(Secret("p")).text(), Bug);
  EXPECT_THROW(Identity::scrypt(Secret("p")).recipient(), Bug);
}

TEST(AgeKeys, PrintAFileAsAgeKeygenDoes) {
  const Identity identity = parse_identities(example_identity, "keys").front();
  const Secret file = print_identity_file(identity, "2026-05-07T02:00:00Z");
  EXPECT_EQ(file.reveal(),
            "# created: 2026-05-07T02:00:00Z\n# public key: " + std::string(example_recipient) +
                "\n" + std::string(example_identity) + "\n");
  EXPECT_EQ(parse_identities(file.reveal(), "f").front().text().reveal(), example_identity);
}

TEST(AgeKeys, ReadFilesWithCommentsBlankLinesAndSeveralKeys) {
  const std::string recipient(example_recipient);
  const std::string identity(example_identity);
  for (const char* end : {"\n", "\r\n"}) {
    const std::string recipients =
        std::string("# all") + end + recipient + end + end + "  #x" + end + "  " + recipient + " ";
    EXPECT_EQ(parse_recipients(recipients, "f").size(), 2u);
    const std::string identities = identity + end + "# two" + end + identity + end;
    EXPECT_EQ(parse_identities(identities, "f").size(), 2u);
  }
}

TEST(AgeKeys, NameTheLineThatIsWrong) {
  std::string typo(example_recipient);
  typo[10] = typo[10] == 'q' ? 'p' : 'q';
  const std::string file = "# list\n" + std::string(example_recipient) + "\n\n" + typo + "\n";
  const std::string text = error_text([&] { parse_recipients(file, "team.txt"); });
  EXPECT_TRUE(contains(text, "team.txt:4: its checksum does not match")) << text;
  EXPECT_TRUE(contains(text, "hint: Copy the public key again")) << text;

  std::string key(example_identity);
  key[30] = key[30] == 'Q' ? 'P' : 'Q';
  const std::string identity_text = error_text([&] { parse_identities("\n" + key, "id.txt"); });
  EXPECT_TRUE(contains(identity_text, "id.txt:2: its checksum does not match")) << identity_text;
}

TEST(AgeKeys, AreConfigErrorsForRecipientsAndCryptoErrorsForIdentities) {
  const auto kind = [](const std::function<void()>& body) {
    try {
      body();
    } catch (const Error& error) {
      return error.kind();
    }
    return ErrorKind::limit;
  };
  EXPECT_EQ(kind([] { parse_recipient("x"); }), ErrorKind::config);
  EXPECT_EQ(kind([] { parse_recipients("x", "f"); }), ErrorKind::config);
  EXPECT_EQ(kind([] { parse_recipients("# none\n", "f"); }), ErrorKind::config);
  EXPECT_EQ(kind([] { parse_identities("x", "f"); }), ErrorKind::crypto);
  EXPECT_EQ(kind([] { parse_identities("", "f"); }), ErrorKind::crypto);
}

// Whatever is put in, no error repeats a private key, not even a part of it.
TEST(AgeKeys, NeverShowAPrivateKey) {
  const std::string identity(example_identity);
  std::string lower = identity;
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return static_cast<char>(tolower(c)); });
  for (const std::string& text :
       {identity, lower, "x" + identity, identity + "x", identity.substr(1), identity.substr(0, 40),
        "AGE-SECRET-KEY-PQ-1" + identity.substr(16), "AGE-PLUGIN-YUBIKEY-1" + identity.substr(16),
        "age-secret-key-" + identity.substr(15), "\"" + identity + "\""}) {
    const std::string as_recipient = error_text([&] { parse_recipient(text); });
    const std::string in_file = error_text([&] { parse_recipients(text, "f"); });
    for (const std::string& shown : {as_recipient, in_file}) {
      EXPECT_FALSE(contains(shown, "GFPY") || contains(shown, "gfpy")) << shown;
      EXPECT_TRUE(contains(shown, "hint: ")) << shown;
    }
    if (text == identity) continue;
    const std::string as_identity = error_text([&] { parse_identities(text, "f"); });
    EXPECT_FALSE(contains(as_identity, "GFPY") || contains(as_identity, "gfpy")) << as_identity;
    EXPECT_TRUE(contains(as_identity, "hint: ")) << as_identity;
  }
}

TEST(AgeKeys, SayWhatOtherKindsOfRecipientsAre) {
  const std::pair<const char*, const char*> cases[] = {
      {"age1pq1x34nzsvr0rxjsgdn8z", "post-quantum"},
      {"age1tag1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e", "tagged"},
      {"age1tagpq1m3e4wvp6hzcrn9exhy0ae3xf", "tagged"},
      {"age1yubikey1qt8lw0ual6avlwmwatk888yqnmdamm7xfd0wak53ut6elz5c4swx2yqdj4e", "plugin"},
      {"AGE-PLUGIN-YUBIKEY-1QQQQ", "plugin"},
      {"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI", "ssh"},
      {"ssh-rsa AAAA", "ssh"},
      {"AGE-SECRET-KEY-1GFPYYSJZGF", "private key"},
      {"${AGE_PUBKEY}", "not an age public key"},
      {"", "not an age public key"},
      {"AGE1ZVKYG2LQZRAA2LNJVQEJ32NKUU0UES2S82HZRYE869XEEXVN73EQUNUJWJ", "case"},
      {"age1ZVkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", "mixes"},
      {"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujw", "checksum"},
  };
  for (const auto& [text, why] : cases) {
    const std::string shown = error_text([&] { parse_recipient(text); });
    EXPECT_TRUE(contains(shown, why)) << text << ": " << shown;
    EXPECT_TRUE(contains(shown, "hint: ")) << shown;
  }
}

TEST(AgeKeys, SayWhatOtherKindsOfIdentitiesAre) {
  const std::pair<const char*, const char*> cases[] = {
      {"AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR",
       "post-quan"},
      {"AGE-PLUGIN-YUBIKEY-1QQQQ", "plugin"},
      {"-----BEGIN OPENSSH PRIVATE KEY-----", "ssh"},
      {"-----BEGIN AGE ENCRYPTED FILE-----", "itself encrypted"},
      {"age-encryption.org/v1", "itself encrypted"},
      {"age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj", "public key"},
      {"hello", "not an age identity"},
      {"age-secret-key-1gfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpyysjzgfpq4egaex", "case"},
  };
  for (const auto& [text, why] : cases) {
    const std::string shown = error_text([&] { parse_identities(text, "f"); });
    EXPECT_TRUE(contains(shown, why)) << text << ": " << shown;
    EXPECT_TRUE(contains(shown, "hint: ")) << shown;
  }
}

TEST(AgeKeys, HaveTheirLengthAndPrefix) {
  const auto fails = [](std::string_view prefix, size_t size, const char* why) {
    const Secret text = bech32_encode(prefix, Bytes(size));
    const std::string shown = error_text([&] { parse_recipient(text.reveal()); });
    EXPECT_TRUE(contains(shown, why)) << shown;
  };
  fails("age", 31, "length");
  fails("age", 33, "length");
  fails("age", 0, "length");
  fails("agf", 32, "not an age public key");
  fails("bc", 32, "not an age public key");

  std::string longer(bech32_encode("age-secret-key-1x", Bytes(32)).reveal());
  std::ranges::transform(longer, longer.begin(),
                         [](char c) { return static_cast<char>(toupper(c)); });
  EXPECT_THROW(parse_identities(longer, "f"), Error) << "the last '1' ends the prefix";
}

TEST(AgeKeys, RecipientsOfLowOrderCannotBeEncryptedTo) {
  lifeboat::test::SeededRandom random;
  NullSink sink;
  const std::vector<Recipient> recipients = {Recipient::x25519({})};
  const std::string shown = error_text([&] { EncryptSink(sink, recipients, random); });
  EXPECT_TRUE(contains(shown, "not a public key that is safe")) << shown;
}

}  // namespace
}  // namespace lifeboat::age
