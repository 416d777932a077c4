#include "docker/frames.h"

#include <gmock/gmock.h>

#include "docker/scripted_engine_test_kit.h"
#include "support/doubles.h"

namespace lifeboat {
namespace {

using test::drain;
using test::error_text;
using test::frame;
using test::SteppedSource;
using testing::HasSubstr;

const std::string sample = frame(1, "one ") + frame(2, "warning\n") + frame(1, "") +
                           frame(1, "two ") + frame(2, "more") + frame(1, "three");

TEST(Frames, ComeOutWholeWhereverTheyAreCut) {
  for (size_t step = 1; step <= sample.size(); ++step) {
    SteppedSource wire(to_bytes(sample), step);
    FrameSource frames(wire, "run 'x'");
    EXPECT_EQ(as_text(drain(frames, 1 + step % 5)), "one two three") << step;
    EXPECT_EQ(frames.stderr_tail(), "warning\nmore");
  }
}

TEST(Frames, ThatBreakOffAreErrorsWhereverTheyDo) {
  for (size_t size = 0; size <= sample.size(); ++size) {
    MemorySource wire(std::string_view(sample).substr(0, size));
    FrameSource frames(wire, "run 'x'");
    // The ends of the six frames, and nothing at all.
    const bool is_between = size == 0 || size == 12 || size == 28 || size == 36 || size == 48 ||
                            size == 60 || size == sample.size();
    if (is_between) {
      EXPECT_NO_THROW(drain(frames)) << size;
    } else {
      EXPECT_THAT(error_text([&] { drain(frames); }), HasSubstr("broke off within a frame"))
          << size;
    }
  }
}

TEST(Frames, LargerThanAnyBufferPass) {
  test::SeededRandom random;
  const Bytes payload = random.bytes(300'000);
  SteppedSource wire(to_bytes(frame(1, std::string(as_text(payload))) + frame(1, "end")), 0);
  FrameSource frames(wire, "run 'x'");
  EXPECT_EQ(std::string(as_text(drain(frames, 0))), std::string(as_text(payload)) + "end");
}

TEST(Frames, KeepTheEndOfStderrOnly) {
  MemorySource wire(frame(2, std::string(10'000, 'a')) + frame(2, "last words"));
  FrameSource frames(wire, "run 'x'");
  drain(frames);
  EXPECT_EQ(frames.stderr_tail().size(), 4096u);
  EXPECT_TRUE(
      frames.stderr_tail().ends_with("aaa"
                                     "last words"));
}

TEST(Frames, WhatIsNoneIsAnError) {
  for (const std::string& wrong : {std::string("plain text of a TTY"), frame(4, "x"), frame(0, "x"),
                                   std::string("\1\0\1\0\0\0\0\1x", 9)}) {
    MemorySource wire(wrong);
    FrameSource frames(wire, "run 'x'");
    EXPECT_THAT(error_text([&] { drain(frames); }), HasSubstr("no frame"));
  }
}

TEST(Frames, TheEnginesOwnErrorIsTold) {
  MemorySource wire(frame(1, "half") + frame(3, "log driver broke"));
  FrameSource frames(wire, "run 'x'");
  EXPECT_THAT(error_text([&] { drain(frames); }), HasSubstr("log driver broke"));
}

}  // namespace
}  // namespace lifeboat
