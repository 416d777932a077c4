#include "base/log.h"

#include <gmock/gmock.h>

namespace lifeboat {
namespace {

TEST(Log, WritesLinesToStderrOnly) {
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  log_info("{} files", 3);
  log_warning("{} and {}", "braces {} stay", 1);
  log_debug("not shown");
  log_line(LogLevel::error, "percent %s {}");
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "3 files\nwarning: braces {} stay and 1\nerror: percent %s {}\n");
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
}

TEST(Log, LevelDecides) {
  testing::internal::CaptureStderr();
  log_set_level(LogLevel::debug);
  log_debug("shown");
  log_set_level(LogLevel::error);
  log_warning("not shown");
  log_set_level(LogLevel::info);
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "debug: shown\n");
}

TEST(Log, SecretsAreReplaced) {
  log_redact("s3cr3t-value");
  log_redact("abc");  // too short: would blank ordinary words
  testing::internal::CaptureStderr();
  log_info("key s3cr3t-value and s3cr3t-value in abc");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "key *** and *** in abc\n");
  EXPECT_EQ(redact("s3cr3t-values3cr3t-value"), "******");
}

// A longer secret that holds a shorter one must go as a whole, whichever was told first.
TEST(Log, SecretsWithinSecretsAreReplacedWhole) {
  log_redact("inner-part");
  log_redact("outer-inner-part-rest");
  EXPECT_EQ(redact("x outer-inner-part-rest y inner-part"), "x *** y ***");
}

}  // namespace
}  // namespace lifeboat
