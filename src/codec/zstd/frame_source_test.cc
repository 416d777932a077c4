#include <gtest/gtest.h>

#include "base/error.h"
#include "codec/zstd/zstd.h"
#include "io/pipeline.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat::zstd {
namespace {

using test::drain;
using test::error_text;
using test::SeededRandom;
using test::shell_ok;
using test::SteppedSource;

Bytes frames_of(const Bytes& raw, size_t frame_bytes) {
  MemorySink target;
  FrameSink sink(target, {.level = 1, .frame_bytes = frame_bytes, .workers = 1});
  sink.write(raw);
  sink.finish();
  return target.take();
}

// As `zstd` would make it of a pipe: one frame of unknown size.
Bytes stream_of(const Bytes& raw) {
  MemorySink target;
  CompressSink sink(target, 1);
  sink.write(raw);
  sink.finish();
  return target.take();
}

template <typename Decompressor>
Bytes decompress(const Bytes& stored, size_t input_step = 0, size_t step = 65536) {
  SteppedSource input(stored, input_step);
  Decompressor source(input);
  return drain(source, step);
}

// What comes out, or the kind of error that ends it.
template <typename Decompressor>
std::string outcome(const Bytes& stored) {
  try {
    return "taken:" + std::string(as_text(decompress<Decompressor>(stored)));
  } catch (const Error& error) {
    return error.kind() == ErrorKind::verification ? "refused" : error.what();
  }
}

void append(Bytes& to, const Bytes& more) { to.insert(to.end(), more.begin(), more.end()); }
Bytes bytes_of(std::initializer_list<unsigned> values) {
  Bytes bytes;
  for (const unsigned value : values) bytes.push_back(static_cast<std::byte>(value));
  return bytes;
}
const Bytes magic = bytes_of({0x28, 0xB5, 0x2F, 0xFD});

// Of `bytes` bytes of text, in a block each with an empty one in between: longer than any
// compressor would make it.
Bytes frame_of_tiny_blocks(uint8_t bytes) {
  Bytes frame = magic;
  append(frame, bytes_of({0x20, bytes}));
  for (unsigned i = 0; i < bytes; ++i) append(frame, bytes_of({8, 0, 0, 'a' + i % 26, 0, 0, 0}));
  append(frame, bytes_of({1, 0, 0}));
  return frame;
}

Bytes skippable(unsigned variant, size_t size) {
  Bytes frame =
      bytes_of({0x50 + variant, 0x2A, 0x4D, 0x18, static_cast<unsigned>(size & 255),
                static_cast<unsigned>(size >> 8 & 255), static_cast<unsigned>(size >> 16), 0});
  frame.resize(frame.size() + size, std::byte{'s'});
  return frame;
}

// Frames of all kinds, one behind another.
Bytes mixed_stream() {
  Bytes stored = skippable(3, 100000);
  append(stored, frames_of(SeededRandom(1).text_bytes(50000), 700));
  append(stored, stream_of(SeededRandom(2).text_bytes(3000000)));
  append(stored, frames_of({}, 100));
  append(stored, stream_of({}));
  append(stored, frame_of_tiny_blocks(200));
  append(stored, skippable(0, 0));
  append(stored, frames_of(SeededRandom(3).bytes(9 << 20), 9 << 20));  // too large for a worker
  append(stored, frames_of(Bytes(8 << 20), 8 << 20));
  append(stored, frame_of_tiny_blocks(0));
  return stored;
}

class FrameSourceSteps : public testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(, FrameSourceSteps, testing::Values(0, 1, 1000, 1 << 20));

TEST_P(FrameSourceSteps, gives_what_one_thread_gives) {
  const size_t step = GetParam();
  Bytes stored = mixed_stream();
  if (step == 1) stored.resize(200000);  // a prefix, for the time it takes
  if (step == 1) {
    EXPECT_NE(error_text([&] { decompress<FrameSource>(stored, 1); }).find("cut off"),
              std::string::npos);
    stored = frames_of(SeededRandom(4).text_bytes(100000), 3000);
  }
  const Bytes expected = decompress<DecompressSource>(stored);
  EXPECT_TRUE(decompress<FrameSource>(stored, step, 65536) == expected);
  EXPECT_TRUE(decompress<FrameSource>(stored, 65536, step) == expected);
  for (const unsigned workers : {1, 2, 5}) {
    SteppedSource input(stored, step);
    FrameSource source(input, workers);
    EXPECT_TRUE(drain(source, 0) == expected) << workers;
  }
}

TEST(FrameSource, reads_what_the_real_zstd_writes) {
  const test::TempFolder folder;
  const Bytes raw = SeededRandom(5).text_bytes(300000);
  test::write_file(folder / "f", raw);
  shell_ok("cd " + folder.path().native() +
           " && { zstd -qc f; zstd -q --no-check -19 < f; zstd -q --long=27 -c f; zstd -q < f; }"
           " > g.zst");
  const Bytes stored = to_bytes(test::slurp(folder / "g.zst"));
  Bytes expected;
  for (int i = 0; i < 4; ++i) append(expected, raw);
  EXPECT_TRUE(decompress<FrameSource>(stored) == expected);
}

TEST(FrameSource, judges_every_prefix_as_one_thread_does) {
  Bytes stored = frames_of(SeededRandom(6).text_bytes(1500), 400);
  append(stored, stream_of(SeededRandom(7).text_bytes(300)));
  append(stored, frame_of_tiny_blocks(3));
  for (size_t size = 0; size <= stored.size(); ++size) {
    const Bytes prefix(stored.begin(), stored.begin() + static_cast<std::ptrdiff_t>(size));
    EXPECT_EQ(outcome<FrameSource>(prefix), outcome<DecompressSource>(prefix)) << size;
  }
}

TEST(FrameSource, judges_every_flipped_bit_as_one_thread_does) {
  Bytes stored = frames_of(SeededRandom(8).text_bytes(700), 300);
  append(stored, stream_of(SeededRandom(9).text_bytes(100)));
  size_t refused = 0;
  for (size_t bit = 0; bit < stored.size() * 8; ++bit) {
    Bytes damaged = stored;
    damaged[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    const std::string seen = outcome<FrameSource>(damaged);
    EXPECT_EQ(seen, outcome<DecompressSource>(damaged)) << "bit " << bit;
    if (seen == "refused") ++refused;
  }
  EXPECT_GT(refused, stored.size() * 6);
}

TEST(FrameSource, refuses_a_window_beyond_128_mib_also_of_a_small_frame) {
  // Windows of 2^27, and of the eighth above it, for one byte of content.
  for (const unsigned window : {17u << 3, (17u << 3) + 1}) {
    Bytes frame = magic;
    append(frame, bytes_of({0x80, window, 1, 0, 0, 0, 9, 0, 0, 'x'}));
    SteppedSource input(frame, 1);
    FrameSource source(input);
    if (window == 17u << 3) {
      EXPECT_EQ(as_text(drain(source)), "x");
    } else {
      EXPECT_NE(error_text([&] { drain(source); }).find("hint: It was compressed with --long"),
                std::string::npos);
    }
  }
}

TEST(FrameSource, believes_no_size) {
  // 8 MiB are promised, one byte is there.
  Bytes frame = magic;
  append(frame, bytes_of({0xA0, 0, 0, 0x80, 0, 9, 0, 0, 'x'}));
  EXPECT_EQ(outcome<FrameSource>(frame), "refused");
  // One is promised, two are there.
  frame = magic;
  append(frame, bytes_of({0x20, 1, 17, 0, 0, 'x', 'y'}));
  EXPECT_EQ(outcome<FrameSource>(frame), "refused");
}

TEST(FrameSource, passes_on_the_input_s_failure_behind_what_came_before_it) {
  const Bytes raw = SeededRandom(10).text_bytes(100000);
  const Bytes stored = frames_of(raw, 1000);
  for (size_t fail_at = 0; fail_at < stored.size(); fail_at += 1 + stored.size() / 50) {
    SteppedSource input(stored, 777);
    input.fail_at(fail_at);
    FrameSource source(input);
    Bytes got;
    Bytes block(1000);
    const auto read_all = [&] {
      for (;;) {
        const size_t count = source.read(block);
        if (count == 0) return;
        got.insert(got.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count));
      }
    };
    EXPECT_NE(error_text(read_all).find("made to fail"), std::string::npos) << fail_at;
    EXPECT_NE(error_text(read_all).find("made to fail"), std::string::npos) << "the second time";
    EXPECT_TRUE(std::equal(got.begin(), got.end(), raw.begin()));
    EXPECT_GE(got.size() + 2000, raw.size() * fail_at / stored.size() * 9 / 10);
  }
}

TEST(FrameSource, meets_a_damaged_frame_again_and_only_in_its_turn) {
  const Bytes raw = SeededRandom(11).text_bytes(10000);
  Bytes stored = frames_of(raw, 1000);
  stored[stored.size() / 2] ^= std::byte{1};
  SteppedSource input(stored, 0);
  FrameSource source(input, 3);
  size_t bytes = 0;
  Bytes block(100);
  const auto read_all = [&] {
    while (const size_t count = source.read(block)) bytes += count;
  };
  const std::string first = error_text(read_all);
  EXPECT_NE(first.find("decompress"), std::string::npos);
  EXPECT_EQ(error_text(read_all), first);
  EXPECT_EQ(bytes % 1000, 0u);
  EXPECT_GE(bytes, 3000u);
  EXPECT_LE(bytes, 6000u);
}

TEST(FrameSource, is_abandoned_at_any_point) {
  const Bytes stored = frames_of(SeededRandom(12).text_bytes(200000), 1000);
  Bytes block(5000);
  for (const size_t reads : {0, 1, 2, 5, 20}) {
    SteppedSource input(stored, 0);
    FrameSource source(input, 2);
    for (size_t i = 0; i < reads; ++i) source.read(block);
  }
  // Endless input without content: it is not read for ever.
  class Endless final : public Source {
   public:
    explicit Endless(Bytes unit) : unit_(std::move(unit)) {}
    size_t read(ByteSpan target) override {
      for (std::byte& byte : target) byte = unit_[position_++ % unit_.size()];
      return target.size();
    }

   private:
    Bytes unit_;
    size_t position_ = 0;
  };
  Bytes then_nothing = frames_of(Bytes(10), 10);
  for (int i = 0; i < 10; ++i) append(then_nothing, skippable(1, 50000));
  Endless endless(then_nothing);
  FrameSource source(endless);
  EXPECT_EQ(source.read(block), 10u);
}

TEST(FrameSource, leaves_the_input_alone_once_it_ended) {
  auto input = std::make_unique<SteppedSource>(frames_of(Bytes(100), 10), 0);
  FrameSource source(*input);
  EXPECT_EQ(drain(source).size(), 100u);
  input.reset();
  Bytes one(1);
  EXPECT_EQ(source.read(one), 0u);
}

}  // namespace
}  // namespace lifeboat::zstd
