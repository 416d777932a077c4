#include "base/visible_text.h"

#include <gtest/gtest.h>

#include "base/json.h"
#include "base/text.h"

namespace lifeboat {
namespace {

TEST(VisibleText, StoredFormatsKeepWhatTheyAlwaysHad) {
  EXPECT_EQ(escape_controls("a\x1b]0;x\x07\xc2\x9b\xff\n"), "a\\x1b]0;x\\x07\\xc2\\x9b\\xff\\x0a");
  EXPECT_EQ(escape_controls("\u202ecod.exe"), "\u202ecod.exe");
}

TEST(VisibleText, PeopleSeeWhatTurnsTheReadingOrder) {
  EXPECT_EQ(printable("\u202ecod.exe"), "\\xe2\\x80\\xaecod.exe");
  EXPECT_EQ(printable("a\u2028b\u2066c\ufeff"), "a\\xe2\\x80\\xa8b\\xe2\\x81\\xa6c\\xef\\xbb\\xbf");
  EXPECT_EQ(printable("\u061cx"), "\\xd8\\x9cx");
  EXPECT_EQ(printable("Grüße, 東京 👍 — …"), "Grüße, 東京 👍 — …");
}

TEST(VisibleText, OnlyColoursLinesAndTabsReachATerminal) {
  EXPECT_EQ(terminal_text("a\tb\n\x1b[1;31mred\x1b[0m"), "a\tb\n\x1b[1;31mred\x1b[0m");
  EXPECT_EQ(terminal_text("\x1b]0;t\x07\x1b[2J\r"), "\\u001b]0;t\\u0007\\u001b[2J\\u000d");
  EXPECT_EQ(terminal_text("\xc2\x9b"
                          "2J\u202e\xff\x7f"),
            "\\u009b2J\\u202e\\xff\\u007f");
  EXPECT_EQ(terminal_text("\x1b["), "\\u001b[");
}

TEST(VisibleText, JsonStaysTheSameJson) {
  const Json value = {{"na\u202eme", "\xc2\x9b\u2028\x7f\x1b ü"}};
  const std::string safe = terminal_text(print_json(value));
  EXPECT_EQ(safe.find("\u202e"), std::string::npos);
  EXPECT_EQ(parse_json(safe, "it"), value);
}

}  // namespace
}  // namespace lifeboat
