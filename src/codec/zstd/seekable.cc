// The seek table is input like any other: its numbers must add up to the file's size before one of
// them is used, and each frame must carry the checksum that the table promises.
#include <algorithm>

#include "codec/zstd/format.h"
#include "codec/zstd/zstd.h"

namespace lifeboat::zstd {
namespace {

constexpr size_t entries_per_read = 4096;

[[noreturn]] void refuse(std::string_view why) {
  throw Error(ErrorKind::verification, format("read the zstd seek table: {}", why));
}

// Checks the table's frame and returns the count of its entries.
uint32_t read_entry_count(RandomAccess& stored) {
  if (stored.size() < skippable_header_bytes + seek_footer_bytes) refuse("the file is too short");
  std::byte footer[seek_footer_bytes];
  stored.read_at(stored.size() - seek_footer_bytes, footer);
  if (get_u32(footer + 5) != seekable_magic) refuse("there is none at the end of the file");
  if (footer[4] != checksum_flag) refuse("it has no checksums, or unknown flags");
  const uint32_t count = get_u32(footer);
  const uint64_t content = uint64_t{count} * seek_entry_bytes + seek_footer_bytes;
  if (count > frames_max || content + skippable_header_bytes > stored.size()) {
    refuse(format("{} frames are more than the file can hold", count));
  }
  std::byte header[skippable_header_bytes];
  stored.read_at(stored.size() - content - skippable_header_bytes, header);
  if (get_u32(header) != skippable_magic || get_u32(header + 4) != content) {
    refuse("its header does not match its footer");
  }
  return count;
}

// Puts a frame of known sizes in its place, which ends at or before `end`.
void add_frame(std::vector<Frame>& frames, Frame& next, uint64_t end) {
  if (next.raw_size > frame_bytes_max || next.stored_size > ZSTD_compressBound(frame_bytes_max) ||
      next.stored_size > end - next.stored_offset) {
    refuse(format("frame {} has impossible sizes", frames.size()));
  }
  frames.push_back(next);
  next.raw_offset += next.raw_size;
  next.stored_offset += next.stored_size;
}

std::vector<Frame> placed(std::vector<Frame> frames, uint64_t end) {
  std::vector<Frame> placed_frames;
  Frame next;
  for (const Frame& frame : frames) {
    next.raw_size = frame.raw_size;
    next.stored_size = frame.stored_size;
    add_frame(placed_frames, next, end);
  }
  return placed_frames;
}

std::vector<Frame> read_seek_table(RandomAccess& stored) {
  const uint32_t count = read_entry_count(stored);
  uint64_t position = stored.size() - seek_footer_bytes - uint64_t{count} * seek_entry_bytes;
  const uint64_t table_offset = position - skippable_header_bytes;
  std::vector<Frame> frames;
  Bytes block;
  Frame next;
  while (frames.size() < count) {
    const size_t entries = std::min<size_t>(count - frames.size(), entries_per_read);
    block.resize(entries * seek_entry_bytes);
    stored.read_at(position, block);
    position += block.size();
    for (size_t i = 0; i < entries; ++i) {
      const std::byte* entry = block.data() + i * seek_entry_bytes;
      next.stored_size = get_u32(entry);
      next.raw_size = get_u32(entry + 4);
      next.checksum = get_u32(entry + 8);
      add_frame(frames, next, table_offset);
    }
  }
  if (next.stored_offset != table_offset) refuse("its frames do not add up to the file's size");
  return frames;
}

}  // namespace

struct SeekableAccess::State {
  State(RandomAccess& stored_access, std::vector<Frame> placed_frames, bool checksums_known)
      : stored(stored_access),
        frames(std::move(placed_frames)),
        has_checksums(checksums_known),
        size(frames.empty() ? 0 : frames.back().raw_offset + frames.back().raw_size),
        context(make_decompress_context()) {}

  // The content of the frame that holds `offset`, which is below `size`.
  const Frame& load(uint64_t offset) {
    const auto behind = std::upper_bound(
        frames.begin(), frames.end(), offset,
        [](uint64_t value, const Frame& frame) { return value < frame.raw_offset; });
    const Frame& frame = *(behind - 1);
    if (&frame != loaded) {
      loaded = nullptr;
      decompress(frame);
      loaded = &frame;
    }
    return frame;
  }

  void decompress(const Frame& frame) {
    const auto attempted =
        format("decompress frame {} at {}", &frame - frames.data(), frame.stored_offset);
    const auto refuse_frame = [&](std::string_view why) {
      throw Error(ErrorKind::verification, format("{}: {}", attempted, why));
    };
    compressed.resize(frame.stored_size);
    stored.read_at(frame.stored_offset, compressed);
    const size_t found = check(ZSTD_findFrameCompressedSize(compressed.data(), compressed.size()),
                               ErrorKind::verification, attempted);
    // Bit 2 of the descriptor behind the magic number: the frame ends with a content checksum.
    if (found != compressed.size() || (std::to_integer<unsigned>(compressed[4]) & 4) == 0 ||
        (has_checksums && get_u32(compressed.data() + found - 4) != frame.checksum)) {
      refuse_frame("it is not the frame that the seek table names");
    }
    raw.resize(frame.raw_size);
    const size_t made = check(ZSTD_decompressDCtx(context.get(), raw.data(), raw.size(),
                                                  compressed.data(), compressed.size()),
                              ErrorKind::verification, attempted);
    if (made != raw.size()) refuse_frame("it is shorter than the seek table says");
  }

  RandomAccess& stored;
  std::vector<Frame> frames;
  bool has_checksums;  // else only zstd compares each frame's with its content
  uint64_t size;
  DecompressContext context;
  Bytes compressed;
  Bytes raw;
  const Frame* loaded = nullptr;  // whose content is in `raw`
};

SeekableAccess::SeekableAccess(RandomAccess& stored)
    : state_(std::make_unique<State>(stored, read_seek_table(stored), true)) {}
SeekableAccess::SeekableAccess(RandomAccess& stored, std::vector<Frame> frames)
    : state_(std::make_unique<State>(stored, placed(std::move(frames), stored.size()), false)) {}
SeekableAccess::~SeekableAccess() = default;

uint64_t SeekableAccess::size() const { return state_->size; }
const std::vector<Frame>& SeekableAccess::frames() const { return state_->frames; }

void SeekableAccess::read_at(uint64_t offset, ByteSpan target) {
  if (offset > size() || target.size() > size() - offset) {
    throw Error(ErrorKind::verification, format("read {} bytes at {}: only {} bytes are there",
                                                target.size(), offset, size()));
  }
  while (!target.empty()) {
    const Frame& frame = state_->load(offset);
    const auto from = static_cast<size_t>(offset - frame.raw_offset);
    const size_t count = std::min(target.size(), state_->raw.size() - from);
    std::copy_n(state_->raw.data() + from, count, target.begin());
    target = target.subspan(count);
    offset += count;
  }
}

}  // namespace lifeboat::zstd
