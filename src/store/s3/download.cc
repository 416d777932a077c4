#include "store/s3/download.h"

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "base/format.h"
#include "store/key_rules.h"
#include "store/s3/s3_calls.h"
#include "store/s3/s3_objects.h"
#include "store/s3/s3_refusal.h"

namespace lifeboat {
namespace {

constexpr std::chrono::milliseconds stop_poll{200};

struct Buffer {
  std::unique_ptr<std::byte[]> data;
  size_t size = 0;

  ByteSpan make(size_t bytes) {
    if (!data) data = std::make_unique_for_overwrite<std::byte[]>(bytes);
    return {data.get(), bytes};
  }
};

// What an answer says of where its body lies in the object.
struct Place {
  uint64_t begin = 0;
  uint64_t total = 0;  // size of the object
};

// "bytes 0-9/100"
std::optional<Place> parse_content_range(std::string_view text) {
  constexpr std::string_view unit = "bytes ";
  if (!text.starts_with(unit)) return std::nullopt;
  const char* at = text.data() + unit.size();
  const char* const end = text.data() + text.size();
  uint64_t last = 0;
  Place place;
  const auto number = [&](uint64_t& value, char after) {
    const auto [next, fault] = std::from_chars(at, end, value);
    const bool is_good =
        fault == std::errc() && (after == 0 ? next == end : next < end && *next == after);
    at = next + 1;
    return is_good;
  };
  if (!number(place.begin, '-') || !number(last, '/') || !number(place.total, 0)) return {};
  return last >= place.begin && last < place.total ? std::optional(place) : std::nullopt;
}

// One range of an object, fetched by as many requests as it takes.
class RangeFetch {
 public:
  // `etag`: of the object that is meant; empty: whatever is there.
  RangeFetch(S3Client& client, std::string key, std::string etag)
      : client_(client), key_(std::move(key)), etag_(std::move(etag)) {}

  // Fills `target` from `offset`, or up to the object's end; returns how much that is.
  size_t fetch(uint64_t offset, ByteSpan target, const StopToken& stop) {
    offset_ = offset;
    target_ = target;
    client_.retry(
        stop, [&] { try_rest(stop); }, [&] { return reached_ > std::exchange(told_, reached_); });
    return reached_;
  }
  // Of the object, once fetched. Nothing if it ends at or before `offset`.
  const std::optional<uint64_t>& total() const { return total_; }
  const std::string& etag() const { return etag_; }

 private:
  void try_rest(const StopToken& stop) {
    // All is here, but the answer broke before it was over: its last byte brings what it is of.
    if (reached_ > 0 && reached_ == target_.size()) --reached_;
    const uint64_t begin = offset_ + reached_;
    S3Call call = s3_call("GET", key_, {"read", "s3:GetObject"}, stop);
    call.request.headers = {{"range", format("bytes={}-{}", begin, offset_ + target_.size() - 1)}};
    // A first block that breaks has shown no ETag: what goes on there is judged by whoever reads,
    // as all archives, indexes and manifests are hashed or authenticated.
    if (!etag_.empty()) call.request.headers.emplace_back("if-match", "\"" + etag_ + "\"");
    call.accepted = {404, 412, 416};
    call.request.on_body = [&](ByteView data) { take(data); };
    const S3Answer answer = client_.send_once(call);
    const S3Response& response = answer.response;
    if (response.status == 416 && reached_ == 0) return;
    if (response.status == 404) throw missing(call, answer);
    if (response.status == 412) throw changed(call.attempted);
    if (response.status == 416) {
      --reached_;  // the same, where the object ends before the range
      throw Error(ErrorKind::store, format("{}: it ends there", call.attempted)).transient();
    }
    check_place(response, begin, call.attempted);
  }

  void take(ByteView data) {
    if (data.size() > target_.size() - reached_) {
      throw Error(ErrorKind::store,
                  format("read '{}': the server sends more than it was asked for", key_))
          .hint("It ignores the Range header of HTTP, without which it cannot hold archives.");
    }
    std::copy_n(data.begin(), data.size(), target_.data() + reached_);
    reached_ += data.size();
  }

  // Throws unless the body that was taken is the rest of the range.
  void check_place(const S3Response& response, uint64_t begin, const std::string& attempted) {
    std::optional<Place> place = parse_content_range(response.header("content-range").value_or(""));
    // A server that ignores Range gives the whole object; an empty one has no range to give.
    if (response.status == 200 && s3_content_length(response) == reached_) {
      place = Place{.begin = 0, .total = reached_};
    }
    if (!place || place->begin != begin) {
      Error error(ErrorKind::store, format("{}: the server gave another range", attempted));
      if (place) throw error;
      reached_ = begin - offset_;  // headers that were cut do not say what this was
      throw std::move(error).transient();
    }
    total_ = place->total;
    const std::string etag = s3_etag(response).text;
    if (!etag_.empty() && etag != etag_) throw changed(attempted);
    etag_ = etag;
    if (reached_ < std::min<uint64_t>(target_.size(), place->total - offset_)) {
      throw Error(ErrorKind::store, format("{}: the answer ended early", attempted)).transient();
    }
  }

  Error missing(const S3Call& call, const S3Answer& answer) const {
    if (answer.code != "NoSuchBucket") return no_such_object(call.attempted, client_.name());
    return s3_refusal_error(call, read_s3_refusal(answer.response), client_.options());
  }

  static Error changed(const std::string& attempted) {
    return Error(ErrorKind::store, attempted + ": the object changed while it was read")
        .hint("Backups are never written twice: find out who else writes to this bucket.");
  }

  S3Client& client_;
  const std::string key_;
  std::string etag_;
  std::optional<uint64_t> total_;
  uint64_t offset_ = 0;
  ByteSpan target_;
  size_t reached_ = 0;  // bytes of `target_` that are there
  size_t told_ = 0;     // `reached_` when progress was last asked for
};

// A long range: blocks of equal size, of which the reader has the first.
class BlockSource final : public Source {
 public:
  struct Plan {
    std::string key;
    std::string etag;
    uint64_t begin = 0;  // of the first block
    uint64_t end = 0;
    size_t block_bytes = 0;
  };

  BlockSource(S3Client& client, Plan plan, Buffer first, StopToken stop)
      : client_(client), plan_(std::move(plan)), stop_(std::move(stop)) {
    const uint64_t bytes = plan_.end - plan_.begin;
    blocks_ = bytes / plan_.block_bytes + (bytes % plan_.block_bytes > 0 ? 1 : 0);
    slots_.resize(std::max(1u, client.options().download_workers) + 1);
    slots_[0] = {.buffer = std::move(first), .is_ready = true};
  }

  ~BlockSource() override {
    cancel_.request_stop();
    {
      const std::lock_guard lock(mutex_);
      is_stopping_ = true;
    }
    changed_.notify_all();
    for (std::thread& thread : threads_) thread.join();
  }

  size_t read(ByteSpan target) override {
    Slot* slot = &ready_slot();
    if (slot->buffer.size == position_ && reading_ + 1 < blocks_) {
      release();
      slot = &ready_slot();
    }
    const size_t count = std::min(target.size(), slot->buffer.size - position_);
    std::copy_n(slot->buffer.data.get() + position_, count, target.begin());
    position_ += count;
    return count;
  }

 private:
  // One of the ring's; the threads' own from when it is claimed until it is ready.
  struct Slot {
    Buffer buffer;
    bool is_ready = false;
    std::exception_ptr failure = nullptr;
  };
  Slot& slot_of(uint64_t block) { return slots_[block % slots_.size()]; }

  // That of the block being read, once it is there. A failure stays, for every later read.
  Slot& ready_slot() {
    std::unique_lock lock(mutex_);
    Slot& slot = slot_of(reading_);
    while (!slot.is_ready) {
      stop_.throw_if_stopped();
      changed_.wait_for(lock, stop_poll);
    }
    if (slot.failure) std::rethrow_exception(slot.failure);
    return slot;
  }

  // Gives the used-up block back and lets the threads go on, or begin.
  void release() {
    {
      const std::lock_guard lock(mutex_);
      slot_of(reading_).is_ready = false;
      ++reading_;
    }
    position_ = 0;
    changed_.notify_all();
    const uint64_t left = blocks_ - reading_;
    try {
      while (threads_.size() < std::min<uint64_t>(slots_.size() - 1, left) && reading_ == 1) {
        threads_.emplace_back([this] { fetch_blocks(); });
      }
    } catch (const std::system_error& error) {
      throw system_error(ErrorKind::limit, "start a download thread", error.code().value());
    }
  }

  // A thread: claims the next block whose slot is free, until all are claimed.
  void fetch_blocks() noexcept {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [&] {
        return is_stopping_ || claimed_ == blocks_ || claimed_ < reading_ + slots_.size();
      });
      if (is_stopping_ || claimed_ == blocks_) return;
      const uint64_t block = claimed_++;
      Slot& slot = slot_of(block);
      lock.unlock();
      std::exception_ptr failure;
      try {
        fetch(block, slot.buffer);
      } catch (...) {
        failure = std::current_exception();
      }
      lock.lock();
      slot.failure = failure;
      slot.is_ready = true;
      changed_.notify_all();
    }
  }

  void fetch(uint64_t block, Buffer& buffer) {
    const uint64_t offset = plan_.begin + block * plan_.block_bytes;
    const auto size =
        static_cast<size_t>(std::min<uint64_t>(plan_.block_bytes, plan_.end - offset));
    const ByteSpan target = buffer.make(plan_.block_bytes).first(size);
    RangeFetch range(client_, plan_.key, plan_.etag);
    buffer.size = range.fetch(offset, target, cancel_.token());
    if (buffer.size == size) return;
    throw Error(ErrorKind::store, format("read '{}' at {}: the object became shorter while it was "
                                         "read",
                                         plan_.key, offset));
  }

  S3Client& client_;
  const Plan plan_;
  const StopToken stop_;
  StopSource cancel_;  // of the threads' transfers
  uint64_t blocks_ = 0;
  size_t position_ = 0;  // in the block being read
  std::vector<std::thread> threads_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;
  uint64_t reading_ = 0;  // number of the block that the reader has
  uint64_t claimed_ = 1;  // blocks below this are fetched, or being fetched
  bool is_stopping_ = false;
};

// For a range with nothing in it: only whether it lies within the object.
std::unique_ptr<Source> open_nothing(S3Client& client, const std::string& key, ByteRange range,
                                     const StopToken& stop) {
  const std::optional<S3ObjectHead> head = s3_head(client, key, stop);
  if (!head) throw no_such_object(format("read '{}'", key), client.name());
  check_range(key, range.offset, head->info.size);
  if (range.size > 0 && range.offset < head->info.size) {
    throw Error(ErrorKind::store, format("read '{}': it grew while it was opened", key));
  }
  return std::make_unique<MemorySource>(Bytes());
}

}  // namespace

std::unique_ptr<Source> open_download(S3Client& client, const std::string& key, ByteRange range,
                                      const StopToken& stop) {
  // Servers do not agree on what a range beyond the end of 64 bits asks for.
  if (range.size == 0 || range.offset >= s3_object_bytes_max) {
    return open_nothing(client, key, range, stop);
  }
  const uint64_t block_bytes = client.options().download_block_bytes;
  Buffer buffer;
  RangeFetch first(client, key, "");
  const ByteSpan target = buffer.make(static_cast<size_t>(std::min(range.size, block_bytes)));
  buffer.size = first.fetch(range.offset, target, stop);
  if (!first.total()) return open_nothing(client, key, range, stop);
  const uint64_t end = range.offset + std::min(range.size, *first.total() - range.offset);
  return std::make_unique<BlockSource>(
      client,
      BlockSource::Plan{key, first.etag(), range.offset, end, static_cast<size_t>(block_bytes)},
      std::move(buffer), stop);
}

}  // namespace lifeboat
