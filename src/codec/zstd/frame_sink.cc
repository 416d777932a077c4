// A ring of slots, one frame each: the caller fills a slot, a worker compresses it, the caller
// writes it on when its turn has come. The ring is the only bound on memory and the only
// back-pressure.
//
// Not zstd's own multi-threading (ZSTD_c_nbWorkers): that makes one big frame, in which nothing can
// be found without all that lies before it.
#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "base/background.h"
#include "codec/zstd/content_cut.h"
#include "codec/zstd/format.h"
#include "codec/zstd/zstd.h"

namespace lifeboat::zstd {
namespace {

// Unless more are asked for: keeps a backup at level 3 below 100 MB on a machine of any size.
constexpr unsigned workers_max = 6;
constexpr size_t mib = 1024 * 1024;

// Memory that is not touched before it is used: output is mostly far smaller than its bound.
struct Buffer {
  explicit Buffer(size_t bytes)
      : data(std::make_unique_for_overwrite<std::byte[]>(bytes)), capacity(bytes) {}
  ByteView view() const { return {data.get(), size}; }

  std::unique_ptr<std::byte[]> data;
  size_t capacity;
  size_t size = 0;
};

struct Slot {
  explicit Slot(size_t frame_bytes) : raw(frame_bytes), stored(ZSTD_compressBound(frame_bytes)) {}

  Buffer raw;
  Buffer stored;
  bool is_from_cache = false;
  bool is_done = false;  // guarded by the mutex, as is `failure`
  std::exception_ptr failure;
};

unsigned worker_count(unsigned asked) {
  if (asked > 0) return asked;
  return std::clamp(std::thread::hardware_concurrency(), 1u, workers_max);
}

// Without what a low level has no use for, and with a size.
FrameOptions settled(FrameOptions options) {
  if (options.level < cached_level_min) options.cache = nullptr;
  if (options.frame_bytes == 0) {
    options.frame_bytes = usual_frame_bytes(options.level, options.cache != nullptr);
  }
  return options;
}

size_t slot_count(unsigned workers) { return workers + 2; }

// For a frame on its way into the cache or out of it, and for what it is compared with.
size_t scratch_bytes(size_t frame_bytes) {
  return ZSTD_compressBound(frame_bytes) + FrameCache::overhead_bytes;
}

// A worker's own: made when the first frame needs it.
class FrameMaker {
 public:
  explicit FrameMaker(const FrameOptions& options)
      : options_(options), cache_(options.cache), made_how_(made_how(options.level)) {}

  void make(Slot& slot) {
    slot.is_from_cache = false;
    if (cache_ == nullptr || slot.raw.size < cached_frame_bytes_min) return compress(slot);
    if (!scratch_) scratch_.emplace(scratch_bytes(options_.frame_bytes));
    const ByteSpan scratch(scratch_->data.get(), scratch_->capacity);
    const FrameCache::Key key = cache_->key_of(slot.raw.view(), made_how_);
    const ByteSpan stored(slot.stored.data.get(), slot.stored.capacity);
    if (const auto size = cache_->find(key, stored, scratch)) {
      slot.stored.size = *size;
      slot.is_from_cache = is_proven(slot, scratch);
      if (slot.is_from_cache) return;
      cache_->discard(key);
    }
    compress(slot);
    cache_->keep(key, slot.stored.view(), scratch);
  }

 private:
  void compress(Slot& slot) {
    if (!compressor_) compressor_ = make_compress_context(options_.level);
    // One call on whole buffers: zstd then knows the size and keeps its tables small.
    slot.stored.size =
        check(ZSTD_compress2(compressor_.get(), slot.stored.data.get(), slot.stored.capacity,
                             slot.raw.data.get(), slot.raw.size),
              ErrorKind::limit, "compress");
  }

  // Whether the frame is one, ends with its checksum, and gives the very bytes.
  bool is_proven(const Slot& slot, ByteSpan scratch) {
    const ByteView stored = slot.stored.view();
    if (stored.size() <= frame_descriptor_at ||
        (stored[frame_descriptor_at] & frame_checksum_flag) == std::byte{} ||
        ZSTD_findFrameCompressedSize(stored.data(), stored.size()) != stored.size()) {
      return false;
    }
    if (!decompressor_) decompressor_ = make_decompress_context();
    const size_t size = ZSTD_decompressDCtx(decompressor_.get(), scratch.data(), scratch.size(),
                                            stored.data(), stored.size());
    const ByteView raw = slot.raw.view();
    return size == raw.size() && std::equal(raw.begin(), raw.end(), scratch.begin());
  }

  const FrameOptions& options_;
  FrameCache* cache_;
  std::string made_how_;
  std::optional<Buffer> scratch_;
  CompressContext compressor_;
  DecompressContext decompressor_;
};

}  // namespace

struct FrameSink::State {
  State(Sink& next_sink, FrameOptions frame_options)
      : next(next_sink),
        options(settled(frame_options)),
        workers(worker_count(frame_options.workers)) {
    ensure(options.level >= level_min && options.level <= level_max, "zstd level in range");
    ensure(options.frame_bytes <= frame_bytes_max, "zstd frame size in range");
    slots.resize(slot_count(workers));
  }

  ~State() {
    {
      const std::lock_guard lock(mutex);
      is_stopping = true;
    }
    work_ready.notify_all();
    for (std::thread& thread : threads) thread.join();
  }

  // The slot being filled; waits until the ring has room, and makes the slot at its first use.
  Slot& filling() {
    while (submitted - written == slots.size()) write_oldest();
    std::unique_ptr<Slot>& filled = slots[submitted % slots.size()];
    if (!filled) filled = std::make_unique<Slot>(options.frame_bytes);
    return *filled;
  }
  Slot& slot(size_t number) { return *slots[number % slots.size()]; }

  void add(ByteView data) {
    while (!data.empty()) {
      Buffer& raw = filling().raw;
      const size_t count = std::min(data.size(), raw.capacity - raw.size);
      std::copy_n(data.begin(), count, raw.data.get() + raw.size);
      raw.size += count;
      data = data.subspan(count);
      if (raw.size == raw.capacity) end_full_frame();
    }
  }

  // Where the content says so, and the rest begins the next frame. Its bytes are still in the slot
  // that was submitted: that is filled again only when the ring, of three at least, came round.
  void end_full_frame() {
    if (options.cache == nullptr) return submit();
    Buffer& full = filling().raw;
    const size_t cut = content_cut(full.view(), full.capacity / 8 * 5);
    const size_t rest = full.size - cut;
    full.size = cut;
    submit();
    if (rest == 0) return;
    Buffer& begun = filling().raw;
    std::copy_n(full.data.get() + cut, rest, begun.data.get());
    begun.size = rest;
  }

  // Hands the filled slot to the workers, then passes on what is done.
  void submit() {
    // Threads come with the work, so that a small stream costs one.
    if (threads.size() < workers) start_thread();
    {
      const std::lock_guard lock(mutex);
      ++submitted;
    }
    work_ready.notify_one();
    while (written < submitted && is_oldest_done()) write_oldest();
  }

  void start_thread() {
    try {
      threads.emplace_back([this] { compress_frames(); });
    } catch (const std::system_error& error) {
      throw system_error(ErrorKind::limit, "start a compression thread", error.code().value());
    }
  }

  bool is_oldest_done() {
    const std::lock_guard lock(mutex);
    return slot(written).is_done;
  }

  // Waits for the oldest frame in flight and passes it on. A failure stays with its slot, so that
  // every later call meets it again.
  void write_oldest() {
    Slot& oldest = slot(written);
    {
      std::unique_lock lock(mutex);
      frame_done.wait(lock, [&] { return oldest.is_done; });
      if (oldest.failure) std::rethrow_exception(oldest.failure);
    }
    if (frames.size() == frames_max) {
      throw Error(ErrorKind::limit, "compress: more frames than a seek table can hold");
    }
    next.write(oldest.stored.view());
    Frame frame;
    if (!frames.empty()) {
      frame.raw_offset = frames.back().raw_offset + frames.back().raw_size;
      frame.stored_offset = frames.back().stored_offset + frames.back().stored_size;
    }
    frame.raw_size = static_cast<uint32_t>(oldest.raw.size);
    frame.stored_size = static_cast<uint32_t>(oldest.stored.size);
    // The content checksum ends the frame, and is what the seek table wants.
    frame.checksum = get_u32(oldest.stored.data.get() + oldest.stored.size - 4);
    frames.push_back(frame);
    if (oldest.is_from_cache) ++from_cache;
    oldest.raw.size = 0;
    oldest.is_done = false;
    ++written;
  }

  // A worker: takes submitted slots in order until stopped.
  void compress_frames() {
    FrameMaker maker(options);
    BackgroundWorker background;
    for (;;) {
      Slot* taken = nullptr;
      {
        std::unique_lock lock(mutex);
        work_ready.wait(lock, [&] { return is_stopping || started < submitted; });
        if (is_stopping) return;
        taken = &slot(started++);
      }
      std::exception_ptr failure;
      try {
        maker.make(*taken);
      } catch (...) {
        failure = std::current_exception();
      }
      background.step();
      {
        const std::lock_guard lock(mutex);
        taken->failure = failure;
        taken->is_done = true;
      }
      frame_done.notify_one();
    }
  }

  void write_seek_table() {
    const size_t content = frames.size() * seek_entry_bytes + seek_footer_bytes;
    Bytes table(skippable_header_bytes + content);
    std::byte* at = table.data();
    put_u32(at, skippable_magic);
    put_u32(at + 4, static_cast<uint32_t>(content));
    at += skippable_header_bytes;
    for (const Frame& frame : frames) {
      put_u32(at, frame.stored_size);
      put_u32(at + 4, frame.raw_size);
      put_u32(at + 8, frame.checksum);
      at += seek_entry_bytes;
    }
    put_u32(at, static_cast<uint32_t>(frames.size()));
    at[4] = checksum_flag;
    put_u32(at + 5, seekable_magic);
    next.write(table);
  }

  Sink& next;
  const FrameOptions options;
  const unsigned workers;
  std::vector<Frame> frames;
  size_t from_cache = 0;
  size_t written = 0;  // frames passed on, and so the number of the oldest in flight

  std::mutex mutex;
  std::condition_variable work_ready;
  std::condition_variable frame_done;
  // The ring. A slot belongs to the caller, except between being submitted and being done.
  std::vector<std::unique_ptr<Slot>> slots;
  size_t submitted = 0;      // changed by the caller only, under the mutex
  size_t started = 0;        // guarded
  bool is_stopping = false;  // guarded
  std::vector<std::thread> threads;
};

std::string made_how(int level) {
  return format("level {} of zstd {}", level, ZSTD_versionNumber());
}

size_t usual_frame_bytes(int level, bool has_cache) {
  if (level < cached_level_min) return 4 * mib;
  return has_cache ? 3 * mib : 16 * mib;
}

FrameMemory frame_memory(int level, unsigned asked_workers, bool has_cache) {
  Slot slot(usual_frame_bytes(level, has_cache));
  std::fill_n(slot.raw.data.get(), slot.raw.capacity, std::byte{});
  const CompressContext context = make_compress_context(level);
  check(ZSTD_compress2(context.get(), slot.stored.data.get(), slot.stored.capacity,
                       slot.raw.data.get(), slot.raw.capacity),
        ErrorKind::limit, "compress");
  FrameMemory memory;
  memory.workers = worker_count(asked_workers);
  memory.buffers_bytes = slot_count(memory.workers) * (slot.raw.capacity + slot.stored.capacity);
  if (has_cache) memory.buffers_bytes += memory.workers * scratch_bytes(slot.raw.capacity);
  memory.contexts_bytes = memory.workers * ZSTD_sizeof_CCtx(context.get());
  return memory;
}

FrameSink::FrameSink(Sink& next, FrameOptions options)
    : state_(std::make_unique<State>(next, options)) {}
FrameSink::~FrameSink() = default;

void FrameSink::do_write(ByteView data) { state_->add(data); }

void FrameSink::cut() {
  ensure(!is_finished(), "a finished frame sink is not cut");
  if (state_->filling().raw.size > 0) state_->submit();
}

void FrameSink::do_finish() {
  cut();
  while (state_->written < state_->submitted) state_->write_oldest();
  state_->write_seek_table();
}

const std::vector<Frame>& FrameSink::frames() const { return state_->frames; }
size_t FrameSink::frames_from_cache() const { return state_->from_cache; }

}  // namespace lifeboat::zstd
