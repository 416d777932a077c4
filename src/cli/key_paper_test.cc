// Private keys for people's eyes: who may see them, and what stands on the page. That scanners
// read the codes is shown by tests/script/key_paper.sh.

#include "cli/key_paper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "base/text.h"
#include "cli/app_test_fixture.h"
#include "cli/qr_code.h"
#include "io/files.h"

namespace lifeboat::cli {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

class KeyPaperCommand : public AppFixture {
 protected:
  void SetUp() override { ASSERT_EQ(run({"keygen", "-o", path("key.txt")}).code, 0); }
  std::string read(std::string_view name) { return read_file(path(name), 1 << 20); }
  std::string private_key() {
    const std::string file = read("key.txt");
    return std::string(trim(file.substr(file.find("AGE-SECRET-KEY-1"))));
  }
  unsigned mode_of(std::string_view name) {
    struct stat status {};
    EXPECT_EQ(::stat(path(name).c_str(), &status), 0);
    return status.st_mode & 07777;
  }
};

TEST(QrCode, HasItsMarginsInAnyInk) {
  const QrCode code("hello");
  ASSERT_EQ(code.width(), 21U);
  EXPECT_TRUE(code.is_dark(0, 0));
  EXPECT_FALSE(code.is_dark(21, 0));
  const auto dark = split(print_half_blocks(code, QrInk::dark), '\n');
  const auto light = split(print_half_blocks(code, QrInk::light), '\n');
  ASSERT_EQ(dark.size(), 16U);  // (21 + 8) / 2 lines, and nothing behind the last
  EXPECT_EQ(dark[0], std::string(29, ' '));
  EXPECT_THAT(dark[2], StartsWith("    █▀▀▀▀▀█"));
  EXPECT_THAT(light[2], StartsWith("████ ▄▄▄▄▄ "));
  EXPECT_THAT(print_half_blocks(code, QrInk::light_in_colours), StartsWith("\x1b[97;40m█"));
}

TEST(QrCode, RefusesWhatDoesNotFit) {
  EXPECT_NO_THROW(QrCode(std::string(2300, 'x')));
  EXPECT_THROW(QrCode(std::string(2400, 'x')), Error);
}

TEST_F(KeyPaperCommand, ThePageHoldsTheKeyAndLoadsNothing) {
  const Outcome made =
      run({"keygen", "--paper", path("key.txt"), "-o", path("key.html"), "--host", "<b>vps</b>"});
  ASSERT_EQ(made.code, 0) << made.talk;
  EXPECT_THAT(made.talk, HasSubstr(recipient()));
  EXPECT_THAT(made.talk, Not(HasSubstr("AGE-SECRET-KEY")));
  EXPECT_EQ(made.out, "");
  EXPECT_EQ(mode_of("key.html"), 0600U);
  const std::string page = read("key.html");
  EXPECT_THAT(page, HasSubstr(private_key()));
  EXPECT_THAT(page, HasSubstr(recipient()));
  EXPECT_THAT(page, HasSubstr("Backup key of &lt;b&gt;vps"));
  for (const char* loading : {"src=", "href=", "url(", "@import", "<script"}) {
    EXPECT_THAT(page, Not(HasSubstr(loading)));
  }
}

TEST_F(KeyPaperCommand, AKeyCanExistOnPaperAlone) {
  ASSERT_EQ(run({"keygen", "--paper", "-o", path("paper.txt")}).code, 0);
  const std::string page = read("paper.txt");
  EXPECT_THAT(page, Not(HasSubstr(private_key())));
  EXPECT_THAT(page, HasSubstr("AGE-SECRET-KEY-1"));
  EXPECT_THAT(page, HasSubstr("▀"));
  // A page is a key: never overwritten.
  EXPECT_EQ(run({"keygen", "--paper", "-o", path("paper.txt")}).code, 2);
  EXPECT_EQ(read("paper.txt"), page);
}

TEST_F(KeyPaperCommand, APageNeedsAPlaceAndOneKey) {
  EXPECT_THAT(run({"keygen", "--paper", path("key.txt")}).talk, HasSubstr("-o key.html"));
  test::write_file(path("two.txt"), read("key.txt") + read("key.txt"));
  const Outcome two = run({"keygen", "--paper", path("two.txt"), "-o", path("two.html")});
  EXPECT_EQ(two.code, 2);
  EXPECT_THAT(two.talk, HasSubstr("holds 2"));
  EXPECT_EQ(run({"keygen", "--paper", "--signing", "-o", path("x")}).code, 2);
}

TEST_F(KeyPaperCommand, ACodeGoesToATerminalUnlessAsked) {
  const Outcome refused = run({"keygen", "--qr", path("key.txt")});
  EXPECT_EQ(refused.code, 2);
  EXPECT_EQ(refused.out, "");
  EXPECT_THAT(refused.talk, HasSubstr("not a terminal"));
  const Outcome asked = run({"keygen", "--qr", path("key.txt"), "-o", "-"});
  EXPECT_EQ(asked.code, 0);
  EXPECT_THAT(asked.out, StartsWith("# public key: " + recipient()));
  EXPECT_THAT(asked.out, Not(HasSubstr("AGE-SECRET-KEY")));
  terminal_.out_is_terminal = true;
  EXPECT_EQ(run({"keygen", "--qr", path("key.txt")}).out, asked.out);
}

TEST_F(KeyPaperCommand, ANewKeyAndItsCode) {
  terminal_.out_is_terminal = true;
  const Outcome seen = run({"keygen", "--qr"});
  EXPECT_EQ(seen.code, 0);
  EXPECT_THAT(seen.out, HasSubstr("AGE-SECRET-KEY-1"));
  EXPECT_THAT(seen.out, HasSubstr("▀"));
  const Outcome kept = run({"keygen", "--qr", "-o", path("new.txt")});
  EXPECT_EQ(kept.code, 0);
  EXPECT_THAT(kept.out, Not(HasSubstr("AGE-SECRET-KEY-1")));
  EXPECT_THAT(read("new.txt"), HasSubstr("AGE-SECRET-KEY-1"));
  EXPECT_EQ(run({"keygen", "--qr", path("new.txt")}).out, kept.out);
}

}  // namespace
}  // namespace lifeboat::cli
