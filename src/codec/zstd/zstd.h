// zstd as independent frames with the standard seek table, so that a part of an archive can be read
// without what lies before it, while `zstd -d` reads the whole as ever.
//
// Formats: https://www.rfc-editor.org/rfc/rfc8878 and
// https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "codec/frame_cache.h"
#include "io/sink.h"
#include "io/source.h"

namespace lifeboat::zstd {

inline constexpr int level_min = 1;
inline constexpr int level_max = 19;

// From this level on a cache is used, and frames are cut by their content for it: below it,
// compressing a frame costs hardly more than to hash it, read it and prove it
// (docs/PERFORMANCE.md).
inline constexpr int cached_level_min = 6;
// Of less input: compressed faster than its file is opened.
inline constexpr size_t cached_frame_bytes_min = 64 * 1024;

struct FrameOptions {
  int level = 3;
  // Of input, at most: the last frame, one that is cut, and one that ends by its content is less.
  // 0: usual_frame_bytes.
  size_t frame_bytes = 0;
  unsigned workers = 0;         // threads that compress; 0: one a core, at most 6
  FrameCache* cache = nullptr;  // borrowed; ignored below cached_level_min
};

// What pays, measured in docs/PERFORMANCE.md. Up to cached_level_min little memory; above it, with
// a cache few frames that change in a night (a page of a database that changed costs its frame),
// and without one a small archive (a frame knows nothing of what lies before it).
size_t usual_frame_bytes(int level, bool has_cache);

struct Frame {
  uint64_t raw_offset = 0;
  uint64_t stored_offset = 0;
  uint32_t raw_size = 0;
  uint32_t stored_size = 0;
  uint32_t checksum = 0;  // low 32 bits of the XXH64 of the content, as in the frame itself
};

// All that decides, with its content, which bytes a frame becomes: half of the key in a cache.
std::string made_how(int level);

// Compresses what is written to `next` with content checksums on; finish writes the seek table.
// Frames are compressed by worker threads and written in order by the calling thread; their cuts
// depend on the input, the options and `cut` calls only, never on timing or what a cache holds.
// What the cache gives is decompressed and compared before it is believed. Memory: about (workers +
// 2) frames in and out plus one zstd context a worker, and with a cache one more frame a worker.
class FrameSink final : public Sink {
 public:
  FrameSink(Sink& next, FrameOptions options);
  ~FrameSink() override;
  // Ends the current frame, if it holds anything.
  void cut();
  // Complete once finished.
  const std::vector<Frame>& frames() const;
  size_t frames_from_cache() const;

 private:
  void do_write(ByteView data) override;
  void do_finish() override;
  struct State;
  std::unique_ptr<State> state_;
};

// What a FrameSink with these options holds at most, each once its stream is long enough. A context
// is measured, by making one and using it: zstd tells of no formula for it.
struct FrameMemory {
  unsigned workers = 0;
  uint64_t buffers_bytes = 0;   // of the ring, and of the workers for the cache
  uint64_t contexts_bytes = 0;  // of all workers
};
FrameMemory frame_memory(int level, unsigned workers, bool has_cache);

// Decompresses any zstd stream: many frames, skippable frames. Checksums are verified; truncation
// and anything behind the last frame that is no frame is Error(verification). Windows beyond
// 128 MiB are refused.
class DecompressSource final : public Source {
 public:
  explicit DecompressSource(Source& input);
  ~DecompressSource() override;
  size_t read(ByteSpan target) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same as a DecompressSource, for long streams: frames of up to 8 MiB are decompressed by
// worker threads, in a ring of `workers + 2`. Another thread reads `input`, ahead of what is asked
// for: once `read` has returned 0, or threw what `input` threw, `input` is not touched any more.
// Destruction waits for the read of `input` that is under way. Memory: about (workers + 2) frames
// in and out.
class FrameSource final : public Source {
 public:
  explicit FrameSource(Source& input, unsigned workers = 0);  // 0: one a core, at most 3
  ~FrameSource() override;
  size_t read(ByteSpan target) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Any part of a seekable file, found by its seek table, which is checked against the file's size.
// Keeps the last decompressed frame.
class SeekableAccess final : public RandomAccess {
 public:
  explicit SeekableAccess(RandomAccess& stored);
  // The table is known from elsewhere: of `frames`, the sizes count. Nothing is read before the
  // first `read_at`.
  SeekableAccess(RandomAccess& stored, std::vector<Frame> frames);
  ~SeekableAccess() override;
  uint64_t size() const override;
  void read_at(uint64_t offset, ByteSpan target) override;
  const std::vector<Frame>& frames() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// One stream at one level, for spools and the index: written in a single pass.
class CompressSink final : public Sink {
 public:
  CompressSink(Sink& next, int level);
  ~CompressSink() override;

 private:
  void do_write(ByteView data) override;
  void do_finish() override;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat::zstd
