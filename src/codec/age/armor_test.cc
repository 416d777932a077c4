// ASCII armor both ways, and every spelling of it that is refused.

#include <gtest/gtest.h>

#include "base/error.h"
#include "codec/age/age.h"
#include "codec/age/vector_maker.h"

namespace lifeboat::age::test {
namespace {

using lifeboat::test::drain;

constexpr std::string_view begin_line = "-----BEGIN AGE ENCRYPTED FILE-----\n";
constexpr std::string_view end_line = "-----END AGE ENCRYPTED FILE-----\n";

std::string armored(ByteView data, size_t step) {
  MemorySink memory;
  ArmorSink armor(memory);
  for (size_t at = 0; at < data.size(); at += step) {
    armor.write(data.subspan(at, std::min(step, data.size() - at)));
  }
  armor.finish();
  return std::string(memory.text());
}

TEST(Armor, ReturnsAnySizeUnchanged) {
  lifeboat::test::SeededRandom random;
  for (const size_t size : {1, 2, 3, 47, 48, 49, 95, 96, 97, 5000, 100'000}) {
    const Bytes data = random.bytes(size);
    const std::string text = armored(data, size);
    for (const size_t step : {1, 48, 1000}) EXPECT_EQ(armored(data, step), text) << step;
    for (const size_t step : {0, 1, 7, 4096}) {
      lifeboat::test::SteppedSource source(to_bytes(text), step);
      DearmorSource binary(source);
      EXPECT_EQ(drain(binary, step), data) << size << " bytes in steps of " << step;
    }
  }
}

TEST(Armor, HasLinesOf64Columns) {
  EXPECT_EQ(armored({}, 1), std::string(begin_line) + std::string(end_line));
  EXPECT_EQ(armored(Bytes(48), 48),
            std::string(begin_line) + std::string(64, 'A') + "\n" + std::string(end_line));
  EXPECT_EQ(armored(Bytes(49), 49),
            std::string(begin_line) + std::string(64, 'A') + "\nAA==\n" + std::string(end_line));
}

TEST(Armor, GivesOutBinaryFilesAsTheyAre) {
  for (const char* text : {"", "age", "age-encryption.org/", "age-encryption.org/v1\nanything"}) {
    MemorySource source(text);
    DearmorSource binary(source);
    EXPECT_EQ(as_text(drain(binary, 1)), text);
  }
}

TEST(Armor, FailsWithItsSinkAndStaysFailed) {
  for (const size_t fail_at : {0, 1, 2, 3, 4}) {
    lifeboat::test::FailingSink failing(fail_at);
    ArmorSink armor(failing);
    EXPECT_THROW(
        {
          armor.write(Bytes(100));
          armor.finish();
          failing.finish();
        },
        Error)
        << fail_at;
    if (fail_at > 0) {
      EXPECT_THROW(armor.finish(), Error);
    }
  }
}

// A good armored file, then one change.
void changed(VectorMaker& file, std::string_view from, std::string_view to) {
  file.header().payload().armor().replace(from, to).expect("armor failure");
}
constexpr std::string_view first_line_end = "FILE-----\n";
constexpr std::string_view last_line_begin = "\n-----END";

TEST(Armor, TakesTheFormsThatAreAllowed) {
  check_cases({
      {"plain", [](VectorMaker& f) { f.header().payload().armor(); }},
      {"CRLF", [](VectorMaker& f) { f.header().payload().armor("\r\n"); }},
      {"several chunks",
       [](VectorMaker& f) {
         f.header().nonce().chunk(Bytes(chunk_bytes), false).chunk(as_bytes("x"), true).armor();
       }},
      {"white space outside",
       [](VectorMaker& f) {
         f.header().payload().armor().replace(begin_line, "\n\r   \t\n" + std::string(begin_line));
         f.raw("\n\r   \t\n");
       }},
      {"no end of line at the end",
       [](VectorMaker& f) {
         f.header().payload().armor().replace(end_line, end_line.substr(0, end_line.size() - 1));
       }},
      {"full last line",
       [](VectorMaker& f) {
         f.header();
         f.payload(std::string(48 - (f.file().size() + 32) % 48, 'x')).armor();
       }},
      {"passphrase",
       [](VectorMaker& f) {
         f.passphrase("password").line("age-encryption.org/v1").scrypt("password");
         f.mac().payload().armor();
       }},
  });
}

TEST(Armor, LeavesOtherFailuresWhatTheyAre) {
  check_cases({
      {"nothing inside", [](VectorMaker& f) { f.identity().armor().expect("header failure"); }},
      {"no match",
       [](VectorMaker& f) {
         f.begin().x25519_of_another().mac().payload().armor().expect("no match");
       }},
      {"CRLF in the header inside",
       [](VectorMaker& f) {
         f.header().payload().replace("v1\n", "v1\r\n").armor().expect("header failure");
       }},
      {"data behind the last chunk",
       [](VectorMaker& f) {
         f.header().nonce().chunk(Bytes(chunk_bytes), true).raw("12345678901234567890").armor();
         f.expect_payload_failure(chunk_bytes);
       }},
  });
}

TEST(Armor, RefusesOtherFirstAndLastLines) {
  check_cases({
      {"other label", [](VectorMaker& f) { changed(f, "BEGIN AGE ENCRYPTED FILE", "BEGIN X"); }},
      {"lower case", [](VectorMaker& f) { changed(f, "BEGIN AGE", "BEGIN age"); }},
      {"spaces in the first", [](VectorMaker& f) { changed(f, "-----BEGIN", "----- BEGIN"); }},
      {"space before the first", [](VectorMaker& f) { changed(f, "-----BEGIN", " -----BEGIN"); }},
      {"space behind the first", [](VectorMaker& f) { changed(f, "FILE-----\n", "FILE----- \n"); }},
      {"other last line", [](VectorMaker& f) { changed(f, "END AGE ENCRYPTED FILE", "END X"); }},
      {"lower-case last line", [](VectorMaker& f) { changed(f, "END AGE", "END age"); }},
      {"spaces in the last", [](VectorMaker& f) { changed(f, "-----END", "----- END"); }},
      {"no last line", [](VectorMaker& f) { changed(f, end_line, ""); }},
      {"headers", [](VectorMaker& f) { changed(f, first_line_end, "FILE-----\nX: y\n\n"); }},
      {"checksum", [](VectorMaker& f) { changed(f, last_line_begin, "\n=AAAA\n-----END"); }},
  });
}

TEST(Armor, RefusesOtherLines) {
  check_cases({
      {"empty first", [](VectorMaker& f) { changed(f, first_line_end, "FILE-----\n\n"); }},
      {"empty last", [](VectorMaker& f) { changed(f, last_line_begin, "\n\n-----END"); }},
      {"empty last behind a full one",
       [](VectorMaker& f) {
         f.header();
         f.payload(std::string(48 - (f.file().size() + 32) % 48, 'x')).armor();
         f.replace(last_line_begin, "\n\n-----END").expect("armor failure");
       }},
      {"space first", [](VectorMaker& f) { changed(f, first_line_end, "FILE-----\n "); }},
      {"space last", [](VectorMaker& f) { changed(f, last_line_begin, " \n-----END"); }},
      {"no padding",
       [](VectorMaker& f) {
         f.header().payload("age").payload("").armor().expect("armor failure");
         const size_t pad = f.file().find('=');
         if (pad == std::string::npos) FAIL() << "the file needs padding for this case";
         f.replace(f.file().substr(pad, f.file().find('\n', pad) - pad), "");
       }},
      {"strange letter", [](VectorMaker& f) { changed(f, first_line_end, "FILE-----\n*"); }},
      {"short first line", [](VectorMaker& f) { changed(f, first_line_end, "FILE-----\nAAAA\n"); }},
      {"long first line", [](VectorMaker& f) { changed(f, first_line_end, "FILE-----\nAAAA"); }},
      {"lone carriage returns",
       [](VectorMaker& f) { f.header().payload().armor("\r").expect("armor failure"); }},
  });
}

TEST(Armor, RefusesWhatIsAround) {
  check_cases({
      {"garbage before", [](VectorMaker& f) { changed(f, "-----BEGIN", "garbage\n-----BEGIN"); }},
      {"garbage behind", [](VectorMaker& f) { changed(f, end_line, std::string(end_line) + "x"); }},
      {"second file behind",
       [](VectorMaker& f) {
         changed(f, end_line, std::string(end_line) + std::string(begin_line));
       }},
      {"much white space before",
       [](VectorMaker& f) { changed(f, "-----BEGIN", std::string(2000, '\n') + "-----BEGIN"); }},
      {"much white space behind",
       [](VectorMaker& f) {
         changed(f, end_line, std::string(end_line) + std::string(2000, ' '));
       }},
      {"white space only",
       [](VectorMaker& f) { f.identity().raw("\n \n").expect("armor failure"); }},
      {"not age at all",
       [](VectorMaker& f) { f.identity().raw("PK\x03\x04").expect("armor failure"); }},
  });
}

}  // namespace
}  // namespace lifeboat::age::test
