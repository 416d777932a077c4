#include "codec/frame_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <thread>

#include "codec/zstd/content_cut.h"
#include "codec/zstd/zstd.h"
#include "io/pipeline.h"
#include "support/doubles.h"
#include "support/shell.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;
using test::SeededRandom;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr size_t frame_bytes = 128 * 1024;
constexpr uint64_t plenty_bytes = 64 << 20;

struct Made {
  Bytes stored;
  size_t frames = 0;
  size_t from_cache = 0;
  std::vector<zstd::Frame> table;
};

// Without a cache: with one that is off, since frames are cut as a cache wants them.
Made make(const Bytes& raw, FrameCache* cache, int level = zstd::cached_level_min,
          size_t step = 0) {
  SeededRandom random(8);
  FrameCache off("", 0, random);
  if (cache == nullptr) cache = &off;
  MemorySink target;
  zstd::FrameSink sink(target,
                       {.level = level, .frame_bytes = frame_bytes, .workers = 2, .cache = cache});
  test::SteppedSource source(raw, step);
  pump(source, sink);
  sink.finish();
  return {target.bytes(), sink.frames().size(), sink.frames_from_cache(), sink.frames()};
}

class FrameCacheTest : public testing::Test {
 protected:
  fs::path place() const { return folder_ / "cache"; }
  std::unique_ptr<FrameCache> open(uint64_t bytes_max = plenty_bytes) {
    return std::make_unique<FrameCache>(place(), bytes_max, random_);
  }
  // One whole run, with what it says of its troubles.
  Made run(const Bytes& raw, int level = zstd::cached_level_min) {
    const auto cache = open();
    Made made = make(raw, cache.get(), level);
    trouble_ = cache->trouble();
    return made;
  }
  std::vector<fs::path> frame_files() const {
    std::vector<fs::path> files;
    for (const auto& one : fs::directory_iterator(place())) {
      if (one.path().filename() != "salt") files.push_back(one.path());
    }
    std::sort(files.begin(), files.end());
    return files;
  }
  uint64_t bytes_on_disk() const {
    uint64_t bytes = 0;
    for (const fs::path& file : frame_files()) bytes += (fs::file_size(file) + 4095) / 4096 * 4096;
    return bytes;
  }
  // Every frame asked for was there, except `missed` of them, and the archive is the same.
  void expect_run(const Bytes& raw, size_t missed) {
    const Made again = run(raw);
    EXPECT_EQ(again.stored, make(raw, nullptr).stored);
    EXPECT_EQ(again.from_cache + missed, again.frames);
    EXPECT_EQ(trouble_, "");
  }

  const test::TempFolder folder_;
  SeededRandom random_{7};
  const Bytes raw_ = SeededRandom(1).text_bytes(10 * frame_bytes + 5);
  std::string trouble_;
};

TEST_F(FrameCacheTest, gives_the_same_archive_at_once_and_from_the_cache) {
  const Bytes plain = make(raw_, nullptr).stored;
  const Made first = run(raw_);
  EXPECT_EQ(first.stored, plain);
  EXPECT_EQ(first.from_cache, 0U);
  EXPECT_GT(first.frames, 10U);
  expect_run(raw_, 0);
  test::write_file(folder_ / "raw", raw_);
  test::write_file(folder_ / "again.zst", run(raw_).stored);
  test::shell_ok("cd " + folder_.path().native() +
                 " && zstd -qt again.zst && zstd -qdc again.zst"
                 " | cmp - raw");
}

TEST_F(FrameCacheTest, is_private_and_holds_nothing_in_the_clear) {
  const Made made = run(raw_);
  struct stat found {};
  ASSERT_EQ(::stat(place().c_str(), &found), 0);
  EXPECT_EQ(found.st_mode & 07777, 0700U);
  const std::string first(as_text(ByteView(made.stored).subspan(100, 40)));
  EXPECT_FALSE(frame_files().empty());
  for (const fs::path& file : frame_files()) {
    ASSERT_EQ(::stat(file.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 07777, 0600U);
    EXPECT_EQ(test::slurp(file).find(first), std::string::npos);
  }
}

TEST_F(FrameCacheTest, misses_at_another_level_and_does_not_ask_at_a_low_one) {
  run(raw_);
  EXPECT_EQ(run(raw_, zstd::cached_level_min + 1).from_cache, 0U);
  const size_t files = frame_files().size();
  const Made low = run(raw_, zstd::cached_level_min - 1);
  EXPECT_EQ(low.from_cache, 0U);
  EXPECT_EQ(frame_files().size(), files);
}

TEST_F(FrameCacheTest, takes_damaged_cut_and_swapped_files_for_missing_ones) {
  const size_t frames = run(raw_).frames;
  const auto files = frame_files();
  ASSERT_GT(files.size(), 8U);
  const auto damage = [&](size_t which, size_t at) {
    std::string content = test::slurp(files[which]);
    content.at(at) = static_cast<char>(content.at(at) ^ 1);
    test::write_file(files[which], to_bytes(content));
  };
  damage(0, 3);
  damage(1, 200);
  damage(2, fs::file_size(files[2]) - 1);
  fs::resize_file(files[3], 0);
  fs::resize_file(files[4], 1000);
  fs::copy_file(files[6], files[5], fs::copy_options::overwrite_existing);
  test::write_file(files[7], Bytes(1 << 20));
  ASSERT_EQ(run(raw_).from_cache, frames - 7);
  expect_run(raw_, 0);  // each of them was made and kept again
}

TEST_F(FrameCacheTest, follows_no_link_and_waits_for_no_fifo) {
  run(raw_);
  const auto files = frame_files();
  test::write_file(folder_ / "precious", to_bytes("precious"));
  fs::remove(files[0]);
  fs::create_symlink(folder_ / "precious", files[0]);
  fs::copy_file(files[1], folder_ / "same");
  fs::remove(files[1]);
  fs::create_symlink(folder_ / "same", files[1]);
  fs::remove(files[2]);
  ASSERT_EQ(::mkfifo(files[2].c_str(), 0600), 0);
  expect_run(raw_, 3);
  EXPECT_EQ(test::slurp(folder_ / "precious"), "precious");

  fs::remove_all(place());
  fs::create_directory(folder_ / "elsewhere");
  fs::create_symlink(folder_ / "elsewhere", place());
  EXPECT_EQ(run(raw_).from_cache, 0U);
  EXPECT_THAT(trouble_, HasSubstr("use the frame cache"));
  EXPECT_THAT(FrameCache::trouble_with(place()), HasSubstr("use the frame cache"));
  EXPECT_TRUE(fs::is_empty(folder_ / "elsewhere"));
}

TEST_F(FrameCacheTest, forgets_all_under_a_lost_salt_and_what_was_never_finished) {
  run(raw_);
  const size_t files = frame_files().size();
  test::write_file(place() / "new-of a killed run", Bytes(10));
  test::write_file(place() / "notes.txt", Bytes(10));
  test::write_file(place() / "salt", Bytes(31));
  EXPECT_EQ(run(raw_).from_cache, 0U);
  EXPECT_EQ(frame_files().size(), files + 1);
  EXPECT_FALSE(fs::exists(place() / "new-of a killed run"));
  EXPECT_TRUE(fs::exists(place() / "notes.txt")) << "it is not ours";
}

TEST_F(FrameCacheTest, is_bounded_at_every_moment_and_keeps_what_this_run_used) {
  run(raw_);
  const uint64_t all = bytes_on_disk();
  fs::remove_all(place());
  const uint64_t limit = all / 2;
  size_t kept = 0;
  {
    const auto cache = open(limit);
    const std::jthread watch([&](const std::stop_token& stop) {
      while (!stop.stop_requested()) EXPECT_LE(cache->stored_bytes(), limit);
    });
    EXPECT_EQ(make(raw_, cache.get()).from_cache, 0U);
    kept = frame_files().size();
    EXPECT_LE(bytes_on_disk(), limit);
  }
  EXPECT_GE(kept, 4U);
  // The first frames are still there, and found: the later ones have not pushed them out. One too
  // large for the room left may have let a smaller one of behind it in, and takes its place now.
  EXPECT_GE(make(raw_, open(limit).get()).from_cache + 2, kept);
  // A lower limit holds from the start; a run of other bytes takes the room of the old ones.
  const auto less = open(limit / 2);
  EXPECT_LE(bytes_on_disk(), limit / 2);
  make(SeededRandom(99).text_bytes(5 * frame_bytes), less.get());
  EXPECT_LE(bytes_on_disk(), limit / 2);
  EXPECT_EQ(make(raw_, less.get()).from_cache, 0U);
  EXPECT_EQ(less->trouble(), "");
}

// A new frame must not push out the one that is asked for next, and that one the next.
TEST_F(FrameCacheTest, a_full_cache_loses_little_to_bytes_put_in_front) {
  const Bytes raw = SeededRandom(4).text_bytes(40 * frame_bytes);
  run(raw);
  const size_t frames = frame_files().size();
  const uint64_t full = bytes_on_disk();
  Bytes grown = SeededRandom(5).text_bytes(frame_bytes);
  grown.insert(grown.end(), raw.begin(), raw.end());
  EXPECT_GE(make(grown, open(full).get()).from_cache + 10, frames);
}

TEST_F(FrameCacheTest, lets_the_least_recently_used_go_first) {
  const Bytes one = SeededRandom(21).text_bytes(frame_bytes - 1);
  const Bytes two = SeededRandom(22).text_bytes(frame_bytes - 1);
  const Bytes three = SeededRandom(23).text_bytes(frame_bytes - 1);
  run(one);
  const uint64_t one_bytes = bytes_on_disk();
  run(two);
  const auto set_time = [&](const fs::path& file, int seconds_ago) {
    fs::last_write_time(file, fs::file_time_type::clock::now() - std::chrono::seconds(seconds_ago));
  };
  for (const fs::path& file : frame_files()) set_time(file, 100);
  run(one);  // used again, and so younger than two
  make(three, open(2 * one_bytes + 8192).get());
  EXPECT_EQ(run(one).from_cache, 1U);
  EXPECT_EQ(run(three).from_cache, 1U);
  EXPECT_EQ(run(two).from_cache, 0U);
}

TEST_F(FrameCacheTest, is_off_and_says_why_when_the_folder_cannot_be_used) {
  const auto first = open();
  const auto second = open();
  EXPECT_EQ(first->trouble(), "");
  EXPECT_THAT(second->trouble(), HasSubstr("another run is using it"));
  EXPECT_EQ(make(raw_, second.get()).stored, make(raw_, nullptr).stored);
  EXPECT_THAT(frame_files(), IsEmpty());

  test::write_file(folder_ / "file", Bytes(1));
  const FrameCache on_a_file(folder_ / "file", plenty_bytes, random_);
  EXPECT_THAT(on_a_file.trouble(), HasSubstr((folder_ / "file").native()));

  // The same can be asked without a run, and nothing is made for it.
  EXPECT_EQ(FrameCache::trouble_with(place()), "");
  EXPECT_EQ(FrameCache::trouble_with(folder_ / "none"), "");
  EXPECT_FALSE(fs::exists(folder_ / "none"));
  EXPECT_THAT(FrameCache::trouble_with(folder_ / "file"), HasSubstr("not a directory"));
}

TEST_F(FrameCacheTest, goes_off_once_when_the_disk_fails_and_the_archive_is_whole) {
  const auto cache = open();
  fs::remove_all(place());  // nothing can be made in a removed folder
  EXPECT_EQ(make(raw_, cache.get()).stored, make(raw_, nullptr).stored);
  EXPECT_THAT(cache->trouble(), HasSubstr("make a file"));
  EXPECT_EQ(cache->stored_bytes(), 0U);
}

// What a cache would give that has a right key and wrong bytes: nobody can plant such without the
// content, but a build of zstd with an error could.
TEST_F(FrameCacheTest, believes_no_frame_before_it_gave_the_very_bytes) {
  const Bytes raw = SeededRandom(31).text_bytes(frame_bytes - 1);
  const Bytes other = SeededRandom(32).text_bytes(frame_bytes - 1);
  const std::string made_how = zstd::made_how(zstd::cached_level_min);
  Bytes scratch(1 << 20);
  const auto frame_of = [&](const Bytes& content) {
    const Made made = make(content, nullptr);
    return Bytes(made.stored.begin(), made.stored.begin() + made.table.at(0).stored_size);
  };
  test::write_file(folder_ / "raw", raw);
  test::shell_ok("zstd -q --no-check " + (folder_ / "raw").native());
  Bytes twice = frame_of(raw);
  const Bytes empty = frame_of(to_bytes("x"));
  twice.insert(twice.end(), empty.begin(), empty.end());
  for (const Bytes& lie :
       {frame_of(other), Bytes(), Bytes(3), twice, to_bytes(test::slurp(folder_ / "raw.zst"))}) {
    fs::remove_all(place());
    {
      const auto cache = open();
      cache->keep(cache->key_of(raw, made_how), lie, scratch);
      ASSERT_EQ(frame_files().size(), 1U);
    }
    expect_run(raw, 1);
    expect_run(raw, 0);
  }
}

TEST(ContentCut, depends_on_the_bytes_and_not_on_the_steps_of_writing) {
  const Bytes raw = SeededRandom(41).text_bytes(4 * frame_bytes);
  const Bytes stored = make(raw, nullptr).stored;
  for (const size_t step : {1000, 65536, 1 << 20}) {
    EXPECT_EQ(make(raw, nullptr, zstd::cached_level_min, step).stored, stored) << step;
  }
}

TEST(ContentCut, bounds_its_frames_also_where_all_bytes_are_the_same) {
  for (const Bytes& raw : {Bytes(10 * frame_bytes), SeededRandom(42).bytes(10 * frame_bytes)}) {
    const Made made = make(raw, nullptr);
    for (size_t at = 0; at + 1 < made.table.size(); ++at) {
      EXPECT_GT(made.table[at].raw_size, frame_bytes / 8 * 5);
      EXPECT_LE(made.table[at].raw_size, frame_bytes);
    }
  }
}

TEST(UsualFrames, are_of_a_size_that_pays_at_the_level_and_with_a_cache_or_without) {
  const Bytes raw(40 << 20);
  SeededRandom random(9);
  FrameCache off("", 0, random);
  const auto largest_frame = [&](int level, FrameCache* cache) {
    MemorySink target;
    zstd::FrameSink sink(target, {.level = level, .workers = 1, .cache = cache});
    sink.write(raw);
    sink.finish();
    return sink.frames().at(0).raw_size;
  };
  for (const int level : {zstd::cached_level_min - 1, zstd::cached_level_min}) {
    EXPECT_EQ(largest_frame(level, nullptr), zstd::usual_frame_bytes(level, false)) << level;
    EXPECT_LE(largest_frame(level, &off), zstd::usual_frame_bytes(level, true)) << level;
  }
  EXPECT_EQ(largest_frame(zstd::cached_level_min - 1, &off), 4U << 20);
  EXPECT_EQ(largest_frame(zstd::cached_level_min, nullptr), 16U << 20);
}

TEST_F(FrameCacheTest, finds_nearly_all_frames_behind_bytes_that_were_put_in) {
  Bytes raw = SeededRandom(43).text_bytes(60 * frame_bytes);
  for (const size_t more : {size_t{1}, size_t{700}, frame_bytes / 2, 5 * frame_bytes}) {
    run(raw);
    const Bytes inserted = SeededRandom(more).text_bytes(more);
    raw.insert(raw.begin() + static_cast<std::ptrdiff_t>(raw.size() / 2), inserted.begin(),
               inserted.end());
    const Made made = run(raw);
    EXPECT_GE(made.from_cache + 2 * more / frame_bytes, made.frames * 8 / 10) << more;
    EXPECT_LT(made.from_cache, made.frames) << more;
  }
}

}  // namespace
}  // namespace lifeboat
