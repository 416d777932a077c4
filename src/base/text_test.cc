#include "base/text.h"

#include <gmock/gmock.h>

#include <limits>

#include "base/bytes.h"

namespace lifeboat {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

TEST(Text, PrintsBytes) {
  EXPECT_EQ(print_bytes(0), "0 B");
  EXPECT_EQ(print_bytes(1023), "1023 B");
  EXPECT_EQ(print_bytes(1024), "1.0 KiB");
  EXPECT_EQ(print_bytes(1536), "1.5 KiB");
  EXPECT_EQ(print_bytes(1024 * 1024 - 1), "1.0 MiB") << "never 1024.0 KiB";
  EXPECT_EQ(print_bytes(uint64_t{3} << 30), "3.0 GiB");
  EXPECT_EQ(print_bytes(std::numeric_limits<uint64_t>::max()), "16384.0 PiB");
}

TEST(Text, ParsesBytes) {
  EXPECT_EQ(parse_bytes("512"), 512u);
  EXPECT_EQ(parse_bytes("64 KiB"), 65536u);
  EXPECT_EQ(parse_bytes("64K"), 65536u);
  EXPECT_EQ(parse_bytes(" 1.5GB "), 1500000000u);
  EXPECT_EQ(parse_bytes("0"), 0u);
  EXPECT_EQ(parse_bytes("9007199254740993"), 9007199254740993u) << "beyond a double's precision";
  for (const char* text : {"", "B", "-1", "+1", "1 XB", "1e5", "nan", "inf", "1..5", "0x10",
                           "99999999999 TiB", "1 K iB", "18446744073709551616"}) {
    EXPECT_EQ(parse_bytes(text), std::nullopt) << text;
  }
}

TEST(Text, PrintsDurations) {
  EXPECT_EQ(print_duration(milliseconds(850)), "850 ms");
  EXPECT_EQ(print_duration(milliseconds(4200)), "4.2 s");
  EXPECT_EQ(print_duration(milliseconds(59960)), "1 min 0 s") << "never 60.0 s";
  EXPECT_EQ(print_duration(seconds(200)), "3 min 20 s");
  EXPECT_EQ(print_duration(seconds(7500)), "2 h 5 min");
}

TEST(Text, PrintsCounts) {
  EXPECT_EQ(print_count(0, "workflow", "workflows"), "0 workflows");
  EXPECT_EQ(print_count(1, "workflow", "workflows"), "1 workflow");
  EXPECT_EQ(print_count(12, "workflow", "workflows"), "12 workflows");
}

TEST(Text, FindsTheLikelyTypo) {
  const std::vector<std::string> names{"volume", "sqlite", "n8n", "url"};
  EXPECT_EQ(nearest("volmue", names), "volume") << "one swap";
  EXPECT_EQ(nearest("sqlit", names), "sqlite");
  EXPECT_EQ(nearest("n8", names), "n8n");
  EXPECT_EQ(nearest("postgres", names), std::nullopt);
  EXPECT_EQ(nearest("x", {}), std::nullopt);
  EXPECT_EQ(nearest("", names), std::nullopt);
}

TEST(Text, MakesUntrustedTextPrintable) {
  EXPECT_EQ(printable("plain gr\xc3\xbc\xc3\x9f"
                      "e \xe2\x9c\x93 \xf0\x9f\x9b\x9f"),
            "plain gr\xc3\xbc\xc3\x9f"
            "e \xe2\x9c\x93 \xf0\x9f\x9b\x9f");
  EXPECT_EQ(printable("a\x1b[31m\n\t\x7f"), "a\\x1b[31m\\x0a\\x09\\x7f");
  EXPECT_EQ(printable(std::string("\0", 1)), "\\x00");
  EXPECT_EQ(printable("\xc2\x9b"), "\\xc2\\x9b") << "a C1 control";
  EXPECT_EQ(printable("\xc2\xa0"), "\xc2\xa0");
  for (const char* bad : {"\xff", "\xc0\x80", "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80",
                          "\xc3", "\xe2\x9c", "\x80"}) {
    EXPECT_EQ(printable(bad).find_first_not_of("\\x0123456789abcdef"), std::string::npos) << bad;
  }
}

TEST(Text, SplitsAndTrims) {
  EXPECT_THAT(split("a/b//c", '/'), ElementsAre("a", "b", "", "c"));
  EXPECT_THAT(split("", '/'), ElementsAre(""));
  EXPECT_THAT(split("/", '/'), ElementsAre("", ""));
  EXPECT_EQ(trim(" \t a b \r\n"), "a b");
  EXPECT_EQ(trim(" \n"), "");
  EXPECT_EQ(trim(""), "");
}

TEST(Text, LowersAsciiOnly) {
  EXPECT_EQ(ascii_lower("Content-MD5 [@`{]"), "content-md5 [@`{]");
  EXPECT_EQ(ascii_lower("\xc3\x84Z"), "\xc3\x84z");
}

TEST(Text, PercentEncodingBothWays) {
  EXPECT_EQ(percent_encode("aZ09-._~"), "aZ09-._~");
  EXPECT_EQ(percent_encode("a b/+%\xff"), "a%20b%2F%2B%25%FF");
  EXPECT_EQ(percent_encode("a/b", "/"), "a/b");
  EXPECT_EQ(percent_decode("a%20b%2f+%FF"), "a b/+\xff");
  EXPECT_EQ(percent_decode(""), "");
  for (const char* broken : {"%", "%4", "a%", "%4g", "%-1", "%+1", "% 1", "%%41"}) {
    EXPECT_EQ(percent_decode(broken), std::nullopt) << broken;
  }
}

TEST(Text, KeepsTheTail) {
  std::string tail;
  append_tail(tail, "abc", 4);
  EXPECT_EQ(tail, "abc");
  append_tail(tail, "de", 4);
  EXPECT_EQ(tail, "bcde");
  append_tail(tail, "fghijk", 4);
  EXPECT_EQ(tail, "hijk");
}

TEST(Bytes, EncodesHex) {
  EXPECT_EQ(hex_encode({}), "");
  EXPECT_EQ(hex_encode(as_bytes(std::string_view("\x00\x0f\xa5\xff", 4))), "000fa5ff");
  EXPECT_EQ(as_text(to_bytes("text")), "text");
}

TEST(Text, AWordForAShell) {
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("it's $HOME"), "'it'\\''s $HOME'");
}

TEST(Text, WhatLiesBelow) {
  EXPECT_TRUE(is_at_or_below("/srv/a", "/srv/a"));
  EXPECT_TRUE(is_at_or_below("/srv/a/b", "/srv/a/"));
  EXPECT_TRUE(is_at_or_below("/srv", "/"));
  EXPECT_FALSE(is_at_or_below("/srv/a-old", "/srv/a"));
  EXPECT_FALSE(is_at_or_below("/srv", "/srv/a"));
}

}  // namespace
}  // namespace lifeboat
