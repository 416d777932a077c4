// The two native recipient types, as vectors.

#include <gtest/gtest.h>

#include "codec/age/testkit.h"
#include "codec/age/vector_maker.h"
#include "crypto/test_vectors.h"
#include "support/doubles.h"

namespace lifeboat::age::test {
namespace {

using lifeboat::test::low_order_points;
using lifeboat::test::unhex_point;

// One stanza, changed; everything behind it is right.
void x25519_changed(VectorMaker& file, const StanzaText& stanza) {
  file.begin().add(stanza).mac().payload().expect("header failure");
}

TEST(AgeX25519, OpensWhatIsForItsIdentity) {
  check_cases({
      {"behind another recipient",
       [](VectorMaker& f) { f.begin().x25519_of_another().x25519().mac().payload(); }},
      {"before another recipient",
       [](VectorMaker& f) { f.begin().x25519().x25519_of_another().mac().payload(); }},
      {"twice", [](VectorMaker& f) { f.begin().x25519().x25519().mac().payload(); }},
      {"a passphrase at hand, too",
       [](VectorMaker& f) { f.passphrase("password").header().payload(); }},
      {"a share with its top bit set",
       [](VectorMaker& f) {
         // X25519 ignores the bit, the salt does not.
         X25519Point share = x25519_public_key(Bytes(32, std::byte{9}));
         share[31] |= std::byte{0x80};
         f.begin().add(f.x25519_stanza_with(share)).mac().payload();
       }},
  });
}

TEST(AgeX25519, DoesNotMatchWhatIsForOthers) {
  check_cases({
      {"another recipient",
       [](VectorMaker& f) { f.begin().x25519_of_another().mac().payload().expect("no match"); }},
      {"a lower-case type",
       [](VectorMaker& f) {
         StanzaText stanza = f.own_x25519_stanza();
         stanza.arguments.replace(3, 6, "x25519");
         f.begin().add(stanza).mac().payload().expect("no match");
       }},
      {"a bad tag",
       [](VectorMaker& f) {
         StanzaText stanza = f.own_x25519_stanza();
         stanza.body[41] = stanza.body[41] == 'A' ? 'B' : 'A';
         f.begin().add(stanza).mac().payload().expect("no match");
       }},
      {"a passphrase only",
       [](VectorMaker& f) {
         f.passphrase("password").line("age-encryption.org/v1").x25519().mac().payload();
         f.expect("no match");
       }},
      {"nothing at hand",
       [](VectorMaker& f) {
         f.line("age-encryption.org/v1").x25519().mac().payload().expect("no match");
       }},
  });
}

TEST(AgeX25519, RefusesMalformedStanzas) {
  check_cases({
      {"no share",
       [](VectorMaker& f) {
         x25519_changed(f, {"-> X25519", f.own_x25519_stanza().body});
       }},
      {"one argument more",
       [](VectorMaker& f) {
         const StanzaText stanza = f.own_x25519_stanza();
         x25519_changed(f, {stanza.arguments + " 1234", stanza.body});
       }},
      {"short share",
       [](VectorMaker& f) {
         x25519_changed(f, {"-> X25519 " + std::string(42, 'A'), f.own_x25519_stanza().body});
       }},
      {"long share",
       [](VectorMaker& f) {
         const StanzaText stanza = f.own_x25519_stanza();
         x25519_changed(f, {stanza.arguments + "A", stanza.body});  // the same and a zero byte
       }},
      {"padded share",
       [](VectorMaker& f) {
         const StanzaText stanza = f.own_x25519_stanza();
         x25519_changed(f, {stanza.arguments + "=", stanza.body});
       }},
      {"share not canonical",
       [](VectorMaker& f) {
         const StanzaText stanza = f.own_x25519_stanza();
         x25519_changed(f, {not_canonical(stanza.arguments), stanza.body});
       }},
      {"body not canonical",
       [](VectorMaker& f) {
         const StanzaText stanza = f.own_x25519_stanza();
         x25519_changed(f, {stanza.arguments, not_canonical(stanza.body)});
       }},
      {"long file key",
       [](VectorMaker& f) {
         x25519_changed(f, f.x25519_stanza_with(x25519_public_key(Bytes(32, std::byte{9})), 24));
       }},
      {"short file key",
       [](VectorMaker& f) {
         x25519_changed(f, f.x25519_stanza_with(x25519_public_key(Bytes(32, std::byte{9})), 15));
       }},
      {"empty body",
       [](VectorMaker& f) {
         x25519_changed(f, {f.own_x25519_stanza().arguments, ""});
       }},
  });
}

TEST(AgeX25519, RefusesEveryShareOfLowOrder) {
  for (const auto text : low_order_points) {
    for (const auto top_bit : {std::byte{0}, std::byte{0x80}}) {
      X25519Point share = unhex_point(text);
      share[31] |= top_bit;
      VectorMaker file;
      file.begin().add(file.x25519_stanza_with(share)).mac().payload().expect("header failure");
      const Outcome outcome = decrypt_stream(parse_vector(file.print()));
      EXPECT_EQ(outcome.result, "header failure") << text;
      EXPECT_NE(outcome.message.find("low order"), std::string::npos) << outcome.message;
    }
  }
}

TEST(AgeScrypt, OpensWithThePassphrase) {
  check_cases({
      {"plain",
       [](VectorMaker& f) {
         f.passphrase("password").line("age-encryption.org/v1").scrypt("password", 10);
         f.mac().payload();
       }},
      {"work factor 1",
       [](VectorMaker& f) {
         f.passphrase("password").line("age-encryption.org/v1").scrypt("password");
         f.mac().payload();
       }},
      {"the second of two passphrases",
       [](VectorMaker& f) {
         f.passphrase("no").passphrase("password").begin().scrypt("password").mac().payload();
       }},
  });
}

TEST(AgeScrypt, DoesNotMatchAnotherPassphrase) {
  check_cases({
      {"wrong passphrase",
       [](VectorMaker& f) {
         f.passphrase("wrong").begin().scrypt("password").mac().payload().expect("no match");
       }},
      {"no passphrase",
       [](VectorMaker& f) { f.begin().scrypt("password").mac().payload().expect("no match"); }},
      {"an upper-case type",
       [](VectorMaker& f) {
         StanzaText stanza = f.passphrase("password").scrypt_stanza("password", 1);
         stanza.arguments.replace(3, 6, "Scrypt");
         f.begin().add(stanza).mac().payload().expect("no match");
       }},
      {"another work factor",
       [](VectorMaker& f) {
         StanzaText stanza = f.passphrase("password").scrypt_stanza("password", 1);
         stanza.arguments.back() = '2';
         f.begin().add(stanza).mac().payload().expect("no match");
       }},
  });
}

TEST(AgeScrypt, MustBeAlone) {
  check_cases({
      {"with X25519 behind",
       [](VectorMaker& f) {
         f.passphrase("password").begin().scrypt("password").x25519().mac().payload();
         f.expect("header failure");
       }},
      {"with X25519 before, which would match",
       [](VectorMaker& f) {
         f.begin().x25519().scrypt("password").mac().payload().expect("header failure");
       }},
      {"with an unknown one",
       [](VectorMaker& f) {
         f.passphrase("password").begin().scrypt("password").line("-> x").line("");
         f.mac().payload().expect("header failure");
       }},
      {"twice",
       [](VectorMaker& f) {
         f.passphrase("password").begin().scrypt("password").scrypt("password");
         f.mac().payload().expect("header failure");
       }},
  });
}

// The arguments of a good stanza ("-> scrypt SALT 1"), changed.
void scrypt_changed(VectorMaker& file, std::string_view from, std::string_view to) {
  StanzaText stanza = file.passphrase("password").scrypt_stanza("password", 1);
  stanza.arguments.replace(stanza.arguments.rfind(from), from.size(), to);
  file.begin().add(stanza).mac().payload().expect("header failure");
}

TEST(AgeScrypt, RefusesMalformedStanzas) {
  check_cases({
      {"no work factor", [](VectorMaker& f) { scrypt_changed(f, " 1", ""); }},
      {"one argument more", [](VectorMaker& f) { scrypt_changed(f, " 1", " 1 1"); }},
      {"no salt",
       [](VectorMaker& f) {
         f.passphrase("password").begin().line("-> scrypt 1").line("").mac().payload();
         f.expect("header failure");
       }},
      {"short salt", [](VectorMaker& f) { scrypt_changed(f, "-> scrypt ", "-> scrypt AAAA "); }},
      {"salt one byte short",
       [](VectorMaker& f) {
         const StanzaText stanza = f.passphrase("password").scrypt_stanza("password", 1);
         f.begin().line("-> scrypt " + std::string(20, 'A') + " 1").line(stanza.body);
         f.mac().payload().expect("header failure");
       }},
      {"salt one byte long",
       [](VectorMaker& f) {
         const StanzaText stanza = f.passphrase("password").scrypt_stanza("password", 1);
         f.begin().line("-> scrypt " + std::string(23, 'A') + " 1").line(stanza.body);
         f.mac().payload().expect("header failure");
       }},
      {"salt not canonical",
       [](VectorMaker& f) {
         const StanzaText stanza = f.passphrase("password").scrypt_stanza("password", 1);
         const std::string salt = stanza.arguments.substr(10, 22);
         f.begin().line("-> scrypt " + not_canonical(salt) + " 1").line(stanza.body);
         f.mac().payload().expect("header failure");
       }},
      {"long file key",
       [](VectorMaker& f) {
         f.passphrase("password").begin().add(f.scrypt_stanza("password", 1, 24));
         f.mac().payload().expect("header failure");
       }},
  });
}

TEST(AgeScrypt, RefusesOddWorkFactors) {
  for (const char* factor :
       {"0", "01", "001", "+1", "-1", "0x1", "a", "1a", "a1", "1.0", "1,0", "23", "99",
        "18446744073709551617", "99999999999999999999999999999999"}) {
    SCOPED_TRACE(factor);
    VectorMaker file;
    StanzaText stanza = file.passphrase("password").scrypt_stanza("password", 1);
    stanza.arguments.pop_back();
    stanza.arguments += factor;
    file.begin().add(stanza).mac().payload().expect("header failure");
    check_vector(parse_vector(file.print()));
  }
}

TEST(AgeScrypt, TellsThatAWorkFactorIsAboveTheLimitOfTheIdentity) {
  VectorMaker file;
  file.line("age-encryption.org/v1").scrypt("password", 11).mac().payload();
  MemorySource source(file.file());
  const std::vector<Identity> identities = {Identity::scrypt(Secret("password"), 10)};
  DecryptSource plain(source, identities);
  const std::string text = lifeboat::test::error_text([&] { lifeboat::test::drain(plain); });
  EXPECT_NE(text.find("work factor 11 is above the limit of 10"), std::string::npos) << text;
  EXPECT_NE(text.find("hint: "), std::string::npos) << text;
}

}  // namespace
}  // namespace lifeboat::age::test
