// zstd as independent frames with the standard seek table, so that a part of an archive can be read
// without what lies before it, while `zstd -d` reads the whole as ever.
//
// Formats: https://www.rfc-editor.org/rfc/rfc8878 and
// https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "io/sink.h"
#include "io/source.h"

namespace lifeboat::zstd {

inline constexpr int level_min = 1;
inline constexpr int level_max = 19;

struct FrameOptions {
  int level = 3;
  size_t frame_bytes = 4 * 1024 * 1024;  // of input; the last frame, and one that is cut, is less
  unsigned workers = 0;                  // threads that compress; 0: one a core, at most 6
};

struct Frame {
  uint64_t raw_offset = 0;
  uint64_t stored_offset = 0;
  uint32_t raw_size = 0;
  uint32_t stored_size = 0;
  uint32_t checksum = 0;  // low 32 bits of the XXH64 of the content, as in the frame itself
};

// Compresses what is written to `next` with content checksums on; finish writes the seek table.
// Frames are compressed by worker threads and written in order by the calling thread; their cuts
// depend on the input and `cut` calls only, never on timing. Memory: about (workers + 2) frames in
// and out plus one zstd context a worker.
class FrameSink final : public Sink {
 public:
  FrameSink(Sink& next, FrameOptions options);
  ~FrameSink() override;
  // Ends the current frame, if it holds anything.
  void cut();
  // Complete once finished.
  const std::vector<Frame>& frames() const;

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
  uint64_t buffers_bytes = 0;   // of the ring
  uint64_t contexts_bytes = 0;  // of all workers
};
FrameMemory frame_memory(const FrameOptions& options);

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
