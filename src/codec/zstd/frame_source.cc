// Frames decompressed by several threads: the other end of frame_sink.cc.
//
// One thread reads the input and cuts it into frames, workers decompress them, the caller takes
// them in their order from a ring, the only bound on memory. A frame's end is found by walking its
// block headers, and nothing they say is believed: zstd judges the frame as a whole. The sizes of
// the seek table are of no use here: they come behind the frames.
//
// Any other zstd stream works too: a frame that does not state a small size (the `zstd` tool makes
// one frame of a whole file) is decompressed piece by piece, by the thread that reads.
#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

#include "codec/zstd/format.h"
#include "codec/zstd/zstd.h"

namespace lifeboat::zstd {
namespace {

// Two keep the thread that hashes and writes what comes out busy; a third is for slow ones.
constexpr unsigned workers_max = 3;
// Of content. The larger ones of a FrameSink at a high level without a cache go piece by piece too:
// a ring of them would be much memory to restore a backup with.
constexpr size_t whole_frame_bytes_max = 8 * 1024 * 1024;
constexpr size_t piece_bytes = 1024 * 1024;
constexpr size_t input_bytes = 64 * 1024;

// https://www.rfc-editor.org/rfc/rfc8878#section-3.1.2 : the lowest four bits are anyone's
constexpr uint32_t skippable_magic_mask = 0xFFFFFFF0;
constexpr size_t magic_bytes = 4;
constexpr size_t block_header_bytes = 3;
constexpr size_t checksum_bytes = 4;

// Keeps its memory, which is not touched before it is used.
class Buffer {
 public:
  std::byte* data() const { return data_.get(); }
  // Room for `bytes`, of which the first `keep` stay as they are.
  void reserve(size_t bytes, size_t keep = 0) {
    if (bytes <= capacity_) return;
    auto larger = std::make_unique_for_overwrite<std::byte[]>(bytes);
    std::copy_n(data_.get(), keep, larger.get());
    data_ = std::move(larger);
    capacity_ = bytes;
  }
  size_t capacity() const { return capacity_; }

 private:
  std::unique_ptr<std::byte[]> data_;
  size_t capacity_ = 0;
};

struct Slot {
  Buffer stored;
  Buffer raw;
  size_t stored_bytes = 0;
  size_t raw_bytes = 0;
  bool is_done = false;  // guarded by the mutex, as is `failure`
  std::exception_ptr failure;
};

// Thrown and caught by the reading thread, once nobody waits for it.
struct Abandoned {};

Error cut_off(std::string_view how) {
  return Error(ErrorKind::verification, format("decompress: the zstd stream is {}", how));
}

uint64_t get_number(const std::byte* source, size_t bytes) {
  uint64_t value = 0;
  for (size_t i = 0; i < bytes; ++i) value |= std::to_integer<uint64_t>(source[i]) << (8 * i);
  return value;
}

// https://www.rfc-editor.org/rfc/rfc8878#section-3.1.1.1.1
struct Descriptor {
  explicit Descriptor(std::byte value) : bits(std::to_integer<unsigned>(value)) {}
  bool is_single_segment() const { return (bits & 0x20) != 0; }
  bool has_checksum() const { return (bits & 4) != 0; }
  bool is_unusual() const { return (bits & 0xB) != 0; }  // a dictionary, or the reserved bit
  size_t content_size_bytes() const {
    const unsigned flag = bits >> 6;
    if (flag == 0) return is_single_segment() ? 1 : 0;
    return size_t{1} << flag;
  }
  unsigned bits;
};

// Of a window descriptor: beyond what the streaming decoder takes.
bool is_window_too_large(std::byte descriptor) {
  const auto bits = std::to_integer<unsigned>(descriptor);
  const unsigned log = 10 + (bits >> 3);
  return log > window_log_max || (log == window_log_max && (bits & 7) != 0);
}

}  // namespace

struct FrameSource::State {
  State(Source& input_source, unsigned asked)
      : source(input_source),
        workers(asked > 0 ? asked
                          : std::clamp(std::thread::hardware_concurrency(), 1u, workers_max)),
        slots(workers + 2),
        held(input_bytes) {}

  ~State() {
    {
      const std::lock_guard lock(mutex);
      is_stopping = true;
    }
    slot_free.notify_all();
    work_ready.notify_all();
    if (reader.joinable()) reader.join();
    for (std::thread& thread : threads) thread.join();
  }

  template <typename Body>
  std::thread start(Body body) {
    try {
      return std::thread(body);
    } catch (const std::system_error& error) {
      throw system_error(ErrorKind::limit, "start a decompression thread", error.code().value());
    }
  }

  // --- the caller's ---

  size_t read(ByteSpan target) {
    if (!reader.joinable()) reader = start([this] { read_frames(); });
    for (;;) {
      Slot& slot = slots[taken % slots.size()];
      if (!is_held && !wait_for(slot)) return 0;
      is_held = true;
      const size_t count = std::min(target.size(), slot.raw_bytes - given);
      std::copy_n(slot.raw.data() + given, count, target.begin());
      given += count;
      if (given == slot.raw_bytes) release(slot);
      if (count > 0) return count;
    }
  }

  // False at the end. A failure stays where it is, so that every later read meets it again.
  bool wait_for(Slot& slot) {
    std::unique_lock lock(mutex);
    slot_done.wait(lock, [&] { return slot.is_done || (has_ended && taken == submitted); });
    const std::exception_ptr& failure = slot.is_done ? slot.failure : end_failure;
    if (failure) std::rethrow_exception(failure);
    return slot.is_done;
  }

  void release(Slot& slot) {
    is_held = false;
    given = 0;
    {
      const std::lock_guard lock(mutex);
      slot.is_done = false;
      ++taken;
    }
    slot_free.notify_one();
  }

  // --- a worker's ---

  void decompress_frames() {
    DecompressContext context;
    for (;;) {
      Slot* slot = nullptr;
      {
        std::unique_lock lock(mutex);
        work_ready.wait(lock, [&] { return is_stopping || !work.empty(); });
        if (is_stopping) return;
        slot = work.front();
        work.pop_front();
      }
      std::exception_ptr failure;
      try {
        if (!context) context = make_decompress_context();
        const size_t made =
            check(ZSTD_decompressDCtx(context.get(), slot->raw.data(), slot->raw_bytes,
                                      slot->stored.data(), slot->stored_bytes),
                  ErrorKind::verification, "decompress");
        if (made != slot->raw_bytes) {
          throw Error(ErrorKind::verification, "decompress: a frame is shorter than it says");
        }
      } catch (...) {
        failure = std::current_exception();
      }
      hand_over(*slot, std::move(failure));
    }
  }

  void hand_over(Slot& slot, std::exception_ptr failure) {
    {
      const std::lock_guard lock(mutex);
      slot.failure = std::move(failure);
      slot.is_done = true;
    }
    slot_done.notify_one();
  }

  // --- the reading thread's ---

  void read_frames() noexcept {
    std::exception_ptr failure;
    try {
      while (read_frame()) {
      }
    } catch (const Abandoned&) {
      return;
    } catch (...) {
      failure = std::current_exception();
    }
    {
      const std::lock_guard lock(mutex);
      end_failure = std::move(failure);
      has_ended = true;
    }
    slot_done.notify_one();
  }

  // False at the end of the input.
  bool read_frame() {
    Slot& slot = free_slot();
    slot.stored_bytes = 0;
    slot.stored.reserve(input_bytes);
    const size_t got = fill({slot.stored.data(), magic_bytes});
    if (got == 0 && !is_empty) return false;
    if (got < magic_bytes) throw cut_off(got == 0 ? "empty" : "cut off");
    is_empty = false;
    slot.stored_bytes = got;
    const uint32_t magic = get_u32(slot.stored.data());
    if ((magic & skippable_magic_mask) == (skippable_magic & skippable_magic_mask)) {
      skip_frame();
    } else if (magic == ZSTD_MAGICNUMBER && read_whole_frame(slot)) {
      submit(slot);
    } else {
      stream_frame(slot);
    }
    return true;
  }

  // The slot to be filled next, once the ring has room.
  Slot& free_slot() {
    std::unique_lock lock(mutex);
    slot_free.wait(lock, [&] { return is_stopping || submitted - taken < slots.size(); });
    if (is_stopping) throw Abandoned();
    return slots[submitted % slots.size()];
  }

  void submit(Slot& slot) {
    if (threads.size() < workers) {  // with the work, so that a small stream costs one
      threads.push_back(start([this] { decompress_frames(); }));
    }
    {
      const std::lock_guard lock(mutex);
      work.push_back(&slot);
      ++submitted;
    }
    work_ready.notify_one();
  }

  // Input that is held becomes more; false at its end.
  bool refill() {
    {
      const std::lock_guard lock(mutex);
      if (is_stopping) throw Abandoned();
    }
    held_begin = 0;
    held_end = source.read(held);
    return held_end > 0;
  }

  // Fewer bytes than asked for only at the end of the input.
  size_t fill(ByteSpan target) {
    size_t filled = 0;
    while (filled < target.size() && (held_begin < held_end || refill())) {
      const size_t count = std::min(target.size() - filled, held_end - held_begin);
      std::copy_n(held.data() + held_begin, count, target.data() + filled);
      held_begin += count;
      filled += count;
    }
    return filled;
  }

  // Adds the next bytes of the input to a frame; returns where they are.
  const std::byte* add(Slot& slot, size_t bytes) {
    const size_t begin = slot.stored_bytes;
    if (begin + bytes > slot.stored.capacity()) {
      slot.stored.reserve(std::max(begin + bytes, 2 * slot.stored.capacity()), begin);
    }
    if (fill({slot.stored.data() + begin, bytes}) < bytes) throw cut_off("cut off");
    slot.stored_bytes += bytes;
    return slot.stored.data() + begin;
  }

  // The frame whose magic number is in the slot, for a worker. False, with as much of it as was
  // read, if it is none for a worker: too large, of unknown size, or for zstd to refuse.
  bool read_whole_frame(Slot& slot) {
    const Descriptor descriptor(*add(slot, 1));
    const size_t size_bytes = descriptor.content_size_bytes();
    if (descriptor.is_unusual() || size_bytes == 0) return false;
    if (!descriptor.is_single_segment() && is_window_too_large(*add(slot, 1))) return false;
    uint64_t content = get_number(add(slot, size_bytes), size_bytes);
    if (size_bytes == 2) content += 256;
    if (content > whole_frame_bytes_max) return false;
    slot.raw_bytes = static_cast<size_t>(content);
    const size_t stored_bytes_max = ZSTD_compressBound(slot.raw_bytes);
    for (bool is_last = false; !is_last;) {
      const auto header =
          static_cast<uint32_t>(get_number(add(slot, block_header_bytes), block_header_bytes));
      is_last = (header & 1) != 0;
      const uint32_t type = header >> 1 & 3;
      const size_t bytes = type == 1 ? 1 : header >> 3;  // 1: one byte, repeated
      if (type == 3 || slot.stored_bytes + bytes > stored_bytes_max) return false;
      add(slot, bytes);
    }
    if (descriptor.has_checksum()) add(slot, checksum_bytes);
    slot.raw.reserve(slot.raw_bytes);
    return true;
  }

  void skip_frame() {
    std::byte size[4];
    if (fill(size) < sizeof size) throw cut_off("cut off");
    for (uint64_t left = get_u32(size); left > 0;) {
      if (held_begin == held_end && !refill()) throw cut_off("cut off");
      const uint64_t count = std::min<uint64_t>(left, held_end - held_begin);
      held_begin += static_cast<size_t>(count);
      left -= count;
    }
  }

  // Decompresses a frame, whose beginning is in the slot, into this slot and those after it.
  void stream_frame(Slot& first) {
    const Buffer beginning = std::exchange(first.stored, {});
    ZSTD_inBuffer input{beginning.data(), first.stored_bytes, 0};
    bool is_of_held = false;
    if (!streaming) streaming = make_decompress_context();
    Slot* slot = &first;
    for (size_t left = 1; left > 0;) {
      slot->raw.reserve(piece_bytes);
      ZSTD_outBuffer output{slot->raw.data(), piece_bytes, 0};
      bool has_pending = true;  // the decoder may hold output that had no room
      while (left > 0 && output.pos < output.size) {
        if (input.pos == input.size && !has_pending) {
          if (is_of_held) held_begin = held_end;
          if (held_begin == held_end && !refill()) throw cut_off("cut off");
          input = {held.data(), held_end, held_begin};
          is_of_held = true;
        }
        left = check(ZSTD_decompressStream(streaming.get(), &output, &input),
                     ErrorKind::verification, "decompress");
        has_pending = false;
      }
      slot->raw_bytes = output.pos;
      {
        const std::lock_guard lock(mutex);
        ++submitted;
      }
      hand_over(*slot, nullptr);
      if (left > 0) slot = &free_slot();
    }
    if (is_of_held) {
      held_begin = input.pos;
    } else if (input.pos < input.size) {
      throw cut_off("malformed");  // we and zstd do not see the same frame
    }
  }

  Source& source;
  const unsigned workers;

  size_t given = 0;      // of the slot the caller reads
  bool is_held = false;  // the caller has one

  std::mutex mutex;
  std::condition_variable slot_free;   // for the reading thread
  std::condition_variable work_ready;  // for workers
  std::condition_variable slot_done;   // for the caller
  // The ring. A slot belongs to the reading thread until it is submitted, to a worker until it is
  // done, then to the caller.
  std::vector<Slot> slots;
  std::deque<Slot*> work;  // guarded, as all below up to the threads
  size_t submitted = 0;    // changed by the reading thread only
  size_t taken = 0;        // changed by the caller only
  bool has_ended = false;  // the reading thread has, and touches the input no more
  bool is_stopping = false;
  std::exception_ptr end_failure;
  std::thread reader;
  std::vector<std::thread> threads;  // the reading thread's

  // The reading thread's own.
  Bytes held;  // input, from `held_begin` to `held_end`
  size_t held_begin = 0;
  size_t held_end = 0;
  bool is_empty = true;
  DecompressContext streaming;
};

FrameSource::FrameSource(Source& input, unsigned workers)
    : state_(std::make_unique<State>(input, workers)) {}
FrameSource::~FrameSource() = default;

size_t FrameSource::read(ByteSpan target) { return state_->read(target); }

}  // namespace lifeboat::zstd
