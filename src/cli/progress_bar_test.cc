#include "cli/progress_bar.h"

#include <gtest/gtest.h>

#include "base/log.h"
#include "cli/table.h"
#include "support/doubles.h"

namespace lifeboat::cli {
namespace {

using namespace std::chrono_literals;
using test::ManualClock;

constexpr uint64_t mib = 1024 * 1024;

TEST(PrintProgress, ShowsShareRateAndRest) {
  EXPECT_EQ(print_progress({"n8n/database.sqlite", 10 * mib, 40 * mib, 2s}, 80),
            "n8n/database.sqlite   25%  10.0 MiB of 40.0 MiB  5.0 MiB/s  7.0 s left");
}

TEST(PrintProgress, WithoutASizeShowsNoShare) {
  EXPECT_EQ(print_progress({"dump.sql", 10 * mib, 0, 2s}, 80), "dump.sql  10.0 MiB  5.0 MiB/s");
  EXPECT_EQ(print_progress({"finish the archive", 0, 0, 2s}, 80), "finish the archive");
}

TEST(PrintProgress, AFreshMemberHasNoRate) {
  EXPECT_EQ(print_progress({"a", 1 * mib, 4 * mib, 100ms}, 80), "a   25%  1.0 MiB of 4.0 MiB");
}

TEST(PrintProgress, NeverMoreThanWhole) {
  EXPECT_EQ(print_progress({"a", 8 * mib, 4 * mib, 1s}, 80),
            "a  100%  4.0 MiB of 4.0 MiB  8.0 MiB/s");
}

TEST(PrintProgress, FitsAnyWidth) {
  const ProgressState state{std::string(200, 'x') + "\x1b[2J", 10 * mib, 40 * mib, 2s};
  for (size_t width = 0; width < 120; ++width) {
    const std::string line = print_progress(state, width);
    EXPECT_LE(display_width(line), width);
    EXPECT_EQ(line.find('\x1b'), std::string::npos);
  }
}

TEST(ProgressBar, DrawsAtMostTenTimesASecond) {
  MemorySink stderr_sink;
  Talk talk(stderr_sink, true, 80);
  ManualClock clock;
  clock.advance(1s);
  {
    ProgressBar bar(talk, clock);
    bar.begin("a", 100);
    for (int step = 0; step < 100; ++step) {
      clock.advance(10ms);
      bar.advance(1);
    }
  }
  const std::string_view text = stderr_sink.text();
  size_t draws = 0;
  for (size_t at = text.find('\r'); at != text.npos; at = text.find('\r', at + 1)) ++draws;
  EXPECT_EQ(draws, 12U);  // the first, ten in a second, and the one that takes the line away
  EXPECT_TRUE(text.ends_with("\r\x1b[K")) << text;
}

TEST(ProgressBar, ANoteTakesTheLineAwayFirst) {
  MemorySink stderr_sink;
  Talk talk(stderr_sink, true, 80);
  ManualClock clock;
  clock.advance(1s);
  ProgressBar bar(talk, clock);
  bar.begin("a", 0);
  bar.note("n8n: 12 workflows");
  EXPECT_EQ(stderr_sink.text(), "\r\x1b[Ka\r\x1b[Kn8n: 12 workflows\n");
}

TEST(ProgressBar, WithoutATerminalOnlyNotes) {
  MemorySink stderr_sink;
  Talk talk(stderr_sink, false, 80);
  ManualClock clock;
  clock.advance(1s);
  {
    ProgressBar bar(talk, clock);
    bar.begin("a", 100);
    bar.advance(50);
    bar.note("n8n: done");
  }
  EXPECT_EQ(stderr_sink.text(), "n8n: done\n");
}

TEST(Talk, QuietKeepsWarningsAndBlanksSecrets) {
  MemorySink stderr_sink;
  Talk talk(stderr_sink, true, 80);
  talk.set_quiet(true);
  log_redact("swordfish");
  talk.say("hello");
  talk.status("50%");
  talk.warn("the password is swordfish");
  EXPECT_EQ(stderr_sink.text(), "warning: the password is ***\n");
}

}  // namespace
}  // namespace lifeboat::cli
