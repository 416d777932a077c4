#include "codec/zstd/zstd.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <filesystem>
#include <string>
#include <thread>

#include "base/background.h"
#include "base/error.h"
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

// Writes `raw` in steps (0: random) and returns what a FrameSink made of it.
Bytes compress_frames(const Bytes& raw, FrameOptions options, size_t step = 0) {
  MemorySink target;
  FrameSink sink(target, options);
  SteppedSource source(raw, step);
  pump(source, sink);
  sink.finish();
  return target.bytes();
}

Bytes compress_stream(const Bytes& raw, int level = 1) {
  MemorySink target;
  CompressSink sink(target, level);
  SteppedSource source(raw, 0);
  pump(source, sink);
  sink.finish();
  return target.bytes();
}

Bytes decompress(const Bytes& stored, size_t step = 0) {
  SteppedSource input(stored, step);
  DecompressSource source(input);
  return drain(source, step);
}

Bytes read_access(const Bytes& stored) {
  MemoryAccess file(stored);
  SeekableAccess access(file);
  Bytes raw(access.size());
  access.read_at(0, raw);
  return raw;
}

constexpr size_t frame_bytes = 10000;
const FrameOptions small_frames{.level = 3, .frame_bytes = frame_bytes, .workers = 3};

class ZstdSizes : public testing::TestWithParam<size_t> {};
INSTANTIATE_TEST_SUITE_P(, ZstdSizes,
                         testing::Values(0, 1, frame_bytes - 1, frame_bytes, frame_bytes + 1,
                                         3 * frame_bytes, 25 * frame_bytes + 17));

TEST_P(ZstdSizes, frames_go_round) {
  const Bytes raw = SeededRandom(3).text_bytes(GetParam());
  const Bytes stored = compress_frames(raw, small_frames);
  EXPECT_EQ(compress_frames(raw, small_frames, 1 + GetParam() / 3), stored) << "steps matter";
  EXPECT_EQ(compress_frames(raw, {3, frame_bytes, 1}), stored) << "the worker count matters";
  EXPECT_EQ(decompress(stored), raw);
  EXPECT_EQ(decompress(stored, 1), raw);
  EXPECT_EQ(read_access(stored), raw);
}

TEST_P(ZstdSizes, streams_go_round) {
  const Bytes raw = SeededRandom(4).text_bytes(GetParam());
  EXPECT_EQ(decompress(compress_stream(raw)), raw);
  EXPECT_EQ(decompress(compress_stream(raw, -5), 1), raw);
}

TEST_P(ZstdSizes, the_real_zstd_reads_ours_and_we_its) {
  const test::TempFolder folder;
  const Bytes raw = SeededRandom(5).text_bytes(GetParam());
  const std::string path = (folder / "f").native();
  test::write_file(folder / "f", raw);
  test::write_file(folder / "frames.zst", compress_frames(raw, small_frames));
  test::write_file(folder / "stream.zst", compress_stream(raw));
  shell_ok("cd " + folder.path().native() +
           " && zstd -qdc frames.zst | cmp - f && zstd -qdc stream.zst | cmp - f && zstd -q -19 f"
           " -o g.zst && zstd -q --no-check f -c >> g.zst");
  Bytes twice = raw;
  twice.insert(twice.end(), raw.begin(), raw.end());
  EXPECT_EQ(decompress(to_bytes(test::slurp(folder / "g.zst"))), twice);
}

TEST(FrameSink, cuts_where_it_is_told_to) {
  MemorySink target;
  FrameSink sink(target, small_frames);
  sink.cut();
  sink.write(Bytes(5));
  sink.cut();
  sink.cut();
  sink.write(Bytes(frame_bytes + 2));
  sink.finish();
  const auto& frames = sink.frames();
  ASSERT_EQ(frames.size(), 3u);
  EXPECT_EQ(frames[0].raw_size, 5u);
  EXPECT_EQ(frames[1].raw_offset, 5u);
  EXPECT_EQ(frames[1].raw_size, frame_bytes);
  EXPECT_EQ(frames[2].raw_offset, frame_bytes + 5);
  EXPECT_EQ(frames[2].raw_size, 2u);
  EXPECT_EQ(frames[2].stored_offset, frames[1].stored_offset + frames[1].stored_size);
  MemoryAccess file(target.bytes());
  const SeekableAccess access(file);
  ASSERT_EQ(access.frames().size(), 3u);
  EXPECT_EQ(access.frames()[2].stored_offset, frames[2].stored_offset);
  EXPECT_EQ(access.frames()[2].checksum, frames[2].checksum);
}

TEST(FrameSink, carries_a_failure_of_the_next_sink_to_the_caller) {
  const Bytes raw = SeededRandom(6).bytes(20 * frame_bytes);
  for (size_t fail_at = 0; fail_at <= 21; ++fail_at) {
    test::FailingSink target(fail_at);
    FrameSink sink(target, small_frames);
    const auto write_all = [&] {
      SteppedSource source(raw, 0);
      pump(source, sink);
      sink.cut();
      sink.finish();
      target.finish();
    };
    EXPECT_NE(error_text(write_all).find("made to fail"), std::string::npos) << fail_at;
    if (fail_at == 0) continue;  // the frame sink itself did finish
    EXPECT_NE(error_text([&] { sink.finish(); }).find("made to fail"), std::string::npos);
  }
}

TEST(FrameSink, fails_again_after_a_failed_cut) {
  test::FailingSink target(1);
  FrameSink sink(target, small_frames);
  size_t failures = 0;
  for (size_t i = 0; i < 30; ++i) {
    try {
      sink.write(Bytes(10));
      sink.cut();
    } catch (const Error&) {
      ++failures;
    }
  }
  EXPECT_GT(failures, 0u);
  EXPECT_NE(error_text([&] { sink.finish(); }).find("made to fail"), std::string::npos);
}

TEST(FrameSink, is_abandoned_with_work_in_flight) {
  MemorySink target;
  {
    FrameSink sink(target, small_frames);
    sink.write(SeededRandom(7).bytes(12 * frame_bytes + 1));
  }
  EXPECT_FALSE(target.is_finished());
}

TEST(DecompressSource, refuses_every_prefix_and_junk_behind) {
  const Bytes stored = compress_frames(SeededRandom(8).text_bytes(25000), small_frames);
  for (size_t size = 0; size < stored.size(); ++size) {
    MemorySource input(Bytes(stored.begin(), stored.begin() + static_cast<std::ptrdiff_t>(size)));
    DecompressSource source(input);
    try {
      drain(source);
      // Cut between two frames it is a valid, shorter stream: the archive's tar, its hash and the
      // seek table tell.
      MemoryAccess file(Bytes(stored.begin(), stored.begin() + static_cast<std::ptrdiff_t>(size)));
      EXPECT_THROW(SeekableAccess{file}, Error);
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::verification);
    }
  }
  Bytes longer = stored;
  longer.push_back(std::byte{'x'});
  EXPECT_NE(error_text([&] { decompress(longer); }).find("decompress"), std::string::npos);
}

TEST(DecompressSource, passes_on_the_input_s_failure) {
  SteppedSource input(compress_stream(SeededRandom(9).bytes(300000)), 0);
  input.fail_at(100000);
  DecompressSource source(input);
  EXPECT_NE(error_text([&] { drain(source); }).find("made to fail"), std::string::npos);
}

TEST(DecompressSource, refuses_a_window_beyond_128_mib_with_a_hint) {
  const test::TempFolder folder;
  shell_ok("head -c 300000000 /dev/zero | zstd -q --long=28 > " + (folder / "z").native());
  const Bytes stored = to_bytes(test::slurp(folder / "z"));
  EXPECT_NE(error_text([&] { decompress(stored); }).find("hint: It was compressed with --long"),
            std::string::npos);
}

TEST(SeekableAccess, never_gives_wrong_content_for_a_flipped_bit) {
  const Bytes raw = SeededRandom(10).text_bytes(700);
  const Bytes stored = compress_frames(raw, {3, 300, 1});
  size_t silent = 0;
  for (size_t bit = 0; bit < stored.size() * 8; ++bit) {
    Bytes damaged = stored;
    damaged[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    try {
      EXPECT_EQ(read_access(damaged), raw) << "bit " << bit;
      ++silent;
    } catch (const Error& error) {
      EXPECT_EQ(error.kind(), ErrorKind::verification) << error.what();
    }
  }
  // zstd ignores a few bits (one is unused in each frame's descriptor); the content stays right.
  EXPECT_LE(silent, 3u * 10);
}

TEST(SeekableAccess, reads_any_range_and_refuses_beyond) {
  const Bytes raw = SeededRandom(11).text_bytes(5 * frame_bytes + 3);
  MemoryAccess file(compress_frames(raw, small_frames));
  SeekableAccess access(file);
  SeededRandom random(12);
  for (int i = 0; i < 300; ++i) {
    const size_t offset = random.below(raw.size());
    Bytes part(random.below(raw.size() - offset + 1));
    access.read_at(offset, part);
    EXPECT_TRUE(
        std::equal(part.begin(), part.end(), raw.begin() + static_cast<std::ptrdiff_t>(offset)));
  }
  Bytes one(1);
  EXPECT_THROW(access.read_at(raw.size(), one), Error);
  EXPECT_THROW(access.read_at(UINT64_MAX, one), Error);
}

// Tables whose numbers lie. Layout from the end: magic 4, flags 1, count 4, entries of 12.
TEST(SeekableAccess, refuses_lying_tables) {
  const Bytes good = compress_frames(SeededRandom(13).text_bytes(3 * frame_bytes), small_frames);
  const auto with_u32 = [&](size_t from_end, uint32_t value) {
    Bytes bytes = good;
    for (size_t i = 0; i < 4; ++i) {
      bytes[bytes.size() - from_end + i] = static_cast<std::byte>(value >> (8 * i));
    }
    return bytes;
  };
  const std::vector<Bytes> lies = {with_u32(9, 0),
                                   with_u32(9, 2),
                                   with_u32(9, 4),
                                   with_u32(9, UINT32_MAX),
                                   with_u32(21, 1),
                                   with_u32(21, UINT32_MAX),
                                   with_u32(17, 65 << 20),
                                   with_u32(17, 9999),
                                   with_u32(13, 0),
                                   with_u32(9 + 36 + 4, 100),
                                   Bytes(good.begin() + 1, good.end())};
  for (const Bytes& lie : lies) EXPECT_THROW(read_access(lie), Error) << &lie - lies.data();
  EXPECT_NE(error_text([&] { read_access(compress_stream(good)); }).find("there is none"),
            std::string::npos);
}

// Threads of this process that run only where a processor is idle.
size_t idle_threads() {
  size_t count = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    if (::sched_getscheduler(std::stoi(task.path().filename())) == SCHED_IDLE) ++count;
  }
  return count;
}

TEST(ZstdFrames, workers_take_idle_processors_when_the_run_is_in_the_background) {
  const Bytes raw = SeededRandom().bytes(20 * frame_bytes);
  const auto idle_at_the_end = [&] {
    MemorySink target;
    FrameSink sink(target, small_frames);
    sink.write(raw);
    sink.finish();
    return idle_threads();
  };
  EXPECT_EQ(idle_at_the_end(), 0U);
  std::thread([&] {
    enter_background();
    EXPECT_GT(idle_at_the_end(), 0U);
  }).join();
}

}  // namespace
}  // namespace lifeboat::zstd
