// The header's grammar and MAC, as vectors: what is refused, and with which class of failure.

#include "codec/age/header.h"

#include <gtest/gtest.h>

#include "codec/age/age.h"
#include "codec/age/vector_maker.h"
#include "support/doubles.h"

namespace lifeboat::age::test {
namespace {

std::string visible_characters() {
  std::string all;
  for (char letter = '!'; letter <= '~'; ++letter) all += letter;
  return all;
}

TEST(AgeHeader, TakesWhatTheGrammarAllows) {
  check_cases({
      {"plain", [](VectorMaker& f) { f.header().payload(); }},
      {"an unknown stanza",
       [](VectorMaker& f) {
         f.begin().line("-> grease").line("").x25519().line("-> x a b").line("AAAA");
         f.mac().payload();
       }},
      {"all visible characters",
       [](VectorMaker& f) {
         f.begin().line("-> " + visible_characters() + " " + visible_characters()).line("");
         f.x25519().mac().payload();
       }},
      {"a body of one full line and an empty one",
       [](VectorMaker& f) { f.begin().line("-> x").body(Bytes(48)).x25519().mac().payload(); }},
      {"a body of several lines",
       [](VectorMaker& f) { f.begin().line("-> x").body(Bytes(1000)).x25519().mac().payload(); }},
  });
}

TEST(AgeHeader, RefusesOtherVersions) {
  check_cases({
      {"empty file", [](VectorMaker& f) { f.identity().expect("header failure"); }},
      {"version only", [](VectorMaker& f) { f.begin().expect("header failure"); }},
      {"later version",
       [](VectorMaker& f) {
         f.header().payload().replace("org/v1\n", "org/v1234\n").expect("header failure");
       }},
      {"carriage return",
       [](VectorMaker& f) {
         f.header().payload().replace("org/v1\n", "org/v1\r\n").expect("header failure");
       }},
      {"space",
       [](VectorMaker& f) {
         f.header().payload().replace("org/v1\n", "org/v1 \n").expect("header failure");
       }},
      {"no stanza", [](VectorMaker& f) { f.begin().mac().payload().expect("header failure"); }},
  });
}

// Each stanza is followed by a good one and a MAC over it all.
void add_stanza(VectorMaker& file, std::string_view lines) {
  file.begin().raw(lines).x25519().mac().payload().expect("header failure");
}

TEST(AgeHeader, RefusesMalformedStanzas) {
  check_cases({
      {"no argument", [](VectorMaker& f) { add_stanza(f, "->\n\n"); }},
      {"no argument but a space", [](VectorMaker& f) { add_stanza(f, "-> \n\n"); }},
      {"empty argument", [](VectorMaker& f) { add_stanza(f, "-> x  y\n\n"); }},
      {"space behind", [](VectorMaker& f) { add_stanza(f, "-> x \n\n"); }},
      {"control character", [](VectorMaker& f) { add_stanza(f, "-> x\x01\n\n"); }},
      {"delete character", [](VectorMaker& f) { add_stanza(f, "-> x\x7f\n\n"); }},
      {"not ASCII", [](VectorMaker& f) { add_stanza(f, "-> \xc3\xa8\n\n"); }},
      {"tab", [](VectorMaker& f) { add_stanza(f, "-> x\ty\n\n"); }},
      {"carriage return", [](VectorMaker& f) { add_stanza(f, "-> x\r\n\n"); }},
      {"bad start", [](VectorMaker& f) { add_stanza(f, "=> x\n\n"); }},
      {"no space", [](VectorMaker& f) { add_stanza(f, "->x\n\n"); }},
      {"space before", [](VectorMaker& f) { add_stanza(f, " -> x\n\n"); }},
      {"no body", [](VectorMaker& f) { add_stanza(f, "-> x\n"); }},
      {"no short last line",
       [](VectorMaker& f) { add_stanza(f, "-> x\n" + std::string(64, 'A') + "\n"); }},
      {"long line",
       [](VectorMaker& f) { add_stanza(f, "-> x\n" + std::string(68, 'A') + "\n\n"); }},
      {"two short lines", [](VectorMaker& f) { add_stanza(f, "-> x\nAAAA\nAAAA\n"); }},
      {"empty line behind a short one", [](VectorMaker& f) { add_stanza(f, "-> x\nAAAA\n\n"); }},
      {"padding", [](VectorMaker& f) { add_stanza(f, "-> x\nAAA=\n"); }},
      {"not canonical", [](VectorMaker& f) { add_stanza(f, "-> x\nAAB\n"); }},
      {"body with a carriage return", [](VectorMaker& f) { add_stanza(f, "-> x\nAAAA\r\n"); }},
      {"body with a space", [](VectorMaker& f) { add_stanza(f, "-> x\nAAAA \n"); }},
      {"body with a strange letter", [](VectorMaker& f) { add_stanza(f, "-> x\nAA*A\n"); }},
  });
}

TEST(AgeHeader, RefusesMalformedMacLines) {
  check_cases({
      {"none", [](VectorMaker& f) { f.begin().x25519().expect("header failure"); }},
      {"no value",
       [](VectorMaker& f) { f.begin().x25519().line("---").payload().expect("header failure"); }},
      {"no value but a space",
       [](VectorMaker& f) { f.begin().x25519().line("--- ").payload().expect("header failure"); }},
      {"no space",
       [](VectorMaker& f) {
         f.header().payload().replace("\n--- ", "\n---").expect("header failure");
       }},
      {"two spaces",
       [](VectorMaker& f) {
         f.header().payload().replace("\n--- ", "\n---  ").expect("header failure");
       }},
      {"four dashes",
       [](VectorMaker& f) {
         f.header().payload().replace("\n--- ", "\n---- ").expect("header failure");
       }},
      {"space behind",
       [](VectorMaker& f) { f.header().drop(1).raw(" \n").payload().expect("header failure"); }},
      {"carriage return",
       [](VectorMaker& f) { f.header().drop(1).raw("\r\n").payload().expect("header failure"); }},
      {"one more letter",
       [](VectorMaker& f) { f.header().drop(1).raw("A\n").payload().expect("header failure"); }},
      {"short",
       [](VectorMaker& f) {
         f.begin().x25519().line("--- AAAA").payload().expect("header failure");
       }},
      {"not canonical",
       [](VectorMaker& f) {
         f.header();
         const std::string mac = f.file().substr(f.file().size() - 44, 43);
         f.replace(mac, not_canonical(mac)).payload().expect("header failure");
       }},
      {"CRLF everywhere",
       [](VectorMaker& f) {
         f.identity().line("age-encryption.org/v1\r");
         const StanzaText stanza = f.own_x25519_stanza();
         f.line(stanza.arguments + "\r").line(stanza.body + "\r").mac().payload();
         f.expect("header failure");
       }},
  });
}

TEST(AgeHeader, RefusesAWrongMac) {
  check_cases({
      {"another MAC",
       [](VectorMaker& f) {
         f.begin().x25519().line("--- " + std::string(43, 'A')).payload().expect("HMAC failure");
       }},
      {"a stanza more",
       [](VectorMaker& f) {
         f.header().payload().replace("\n---", "\n-> x\n\n---").expect("HMAC failure");
       }},
      {"no match is told before the MAC",
       [](VectorMaker& f) {
         f.begin().x25519_of_another().line("--- " + std::string(43, 'A'));
         f.payload().expect("no match");
       }},
      {"a malformed MAC is told before no match",
       [](VectorMaker& f) {
         f.begin().x25519_of_another().line("--- AAAA").payload().expect("header failure");
       }},
  });
}

TEST(AgeHeader, PrintsWhatItReads) {
  for (const size_t size : {0, 1, 47, 48, 49, 96, 500}) {
    const std::vector<Stanza> stanzas = {{{"X25519", "share"}, Bytes(size, std::byte{7})},
                                         {{"x"}, Bytes{}}};
    const std::string text = print_header(stanzas, as_bytes("YELLOW SUBMARINE"));
    MemorySource source(text + "payload");
    Input input(source);
    const Header header = read_header(input);
    ASSERT_EQ(header.stanzas.size(), 2u);
    EXPECT_EQ(header.stanzas[0].arguments, stanzas[0].arguments);
    EXPECT_EQ(header.stanzas[0].body, stanzas[0].body);
    EXPECT_TRUE(header.stanzas[1].body.empty());
    EXPECT_EQ(header.mac, header_mac(as_bytes("YELLOW SUBMARINE"), header.authenticated));
    EXPECT_EQ(as_text(lifeboat::test::drain(input)), "payload") << "left at the payload";
  }
}

TEST(AgeHeader, HasALimitOnItsSizeAndItsRecipients) {
  const auto read = [](const std::string& text) {
    return lifeboat::test::error_text([&] {
      MemorySource source(text);
      Input input(source);
      read_header(input);
    });
  };
  const std::string version = "age-encryption.org/v1\n";
  EXPECT_NE(read(version + "-> " + std::string(header_bytes_max, 'x')).find("longer than 1.0 MiB"),
            std::string::npos);
  std::string stanzas;
  for (size_t i = 0; i <= recipients_max; ++i) stanzas += "-> x\n\n";
  EXPECT_NE(read(version + stanzas).find("more than 1000 recipients"), std::string::npos);
  EXPECT_NE(read(version + "-> \x1b[31m").find("ends inside"), std::string::npos);
  EXPECT_NE(read("age-encryption.org/v\x1b[31m\n").find("'v\\x1b[31m'"), std::string::npos)
      << "what a file says is made safe for a terminal";
}

}  // namespace
}  // namespace lifeboat::age::test
