#include "base/short_text.h"

#include <gtest/gtest.h>

namespace lifeboat {
namespace {

using namespace std::chrono_literals;

TEST(PrintAge, UsesOneUnit) {
  EXPECT_EQ(print_age(-5s), "now");
  EXPECT_EQ(print_age(59s), "now");
  EXPECT_EQ(print_age(60s), "1 min");
  EXPECT_EQ(print_age(47h), "47 h");
  EXPECT_EQ(print_age(49h), "2 d");
}

TEST(ClipText, CutsBetweenCharacters) {
  EXPECT_EQ(clip_text("größer", 8), "größer");
  EXPECT_EQ(clip_text("größer", 7), "grö...");
  EXPECT_EQ(clip_text("größer", 6), "gr...");
  EXPECT_EQ(clip_text("a\x1b[31m", 100), "a\\x1b[31m");
  EXPECT_EQ(clip_text(clip_text(std::string(50, 'x'), 10), 10), "xxxxxxx...");
}

}  // namespace
}  // namespace lifeboat
