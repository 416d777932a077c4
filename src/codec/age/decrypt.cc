// Decryption, as a stream and at random. Both hold one opened chunk; unauthenticated bytes never
// leave this file.

#include <algorithm>
#include <cstring>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "codec/age/age.h"
#include "codec/age/input.h"
#include "codec/age/ranges.h"
#include "codec/age/stream.h"

namespace lifeboat::age {

namespace {

// Just below 4 MiB: a frame of zstd at once, in one block of a download.
constexpr uint64_t chunks_per_read = 63;

constexpr std::string_view cut_between_chunks = "the file is cut off between chunks";
constexpr std::string_view cut_inside_chunk = "the file is cut off inside a chunk";
constexpr std::string_view empty_last_chunk = "the last chunk is empty";

Error damaged_chunk(uint64_t number) {
  return payload_fault(format("chunk {} is damaged or cut off", number));
}

}  // namespace

// A chunk is given out as soon as it authenticates; what is wrong behind it is told by the next
// read. A full chunk does not say whether it is the last one: it is tried as an inner one first.
struct DecryptSource::State {
  Input input;
  std::vector<Identity> identities;
  std::optional<ChunkCipher> cipher = {};
  Bytes sealed = Bytes(sealed_chunk_bytes);
  Bytes plain = Bytes(chunk_bytes);
  ByteView ready = {};  // the part of `plain` that was not given out
  uint64_t number = 0;
  bool last_opened = false;
  std::exception_ptr failure = {};

  void open_next_chunk();
};

void DecryptSource::State::open_next_chunk() {
  const size_t count = read_full(input, sealed);
  if (count == 0) throw payload_fault(cut_between_chunks);
  if (count < tag_bytes) throw payload_fault(cut_inside_chunk);
  if (count == tag_bytes && number > 0) throw payload_fault(empty_last_chunk);
  const ByteView chunk = ByteView(sealed).first(count);
  const ByteSpan opened = ByteSpan(plain).first(count - tag_bytes);
  const bool inner =
      count == sealed_chunk_bytes && cipher->open(number, ChunkKind::inner, chunk, opened);
  last_opened = !inner;
  if (!inner && !cipher->open(number, ChunkKind::last, chunk, opened)) throw damaged_chunk(number);
  ++number;
  ready = opened;
}

DecryptSource::DecryptSource(Source& input, std::span<const Identity> identities)
    : state_(new State{Input(input), {identities.begin(), identities.end()}}) {}

DecryptSource::~DecryptSource() = default;

size_t DecryptSource::read(ByteSpan target) {
  State& state = *state_;
  if (state.failure) std::rethrow_exception(state.failure);
  try {
    if (!state.cipher) {
      state.cipher = begin_decryption(state.input, state.identities);
      state.identities.clear();
    }
    if (state.ready.empty() && !state.last_opened) state.open_next_chunk();
    if (state.ready.empty() && !state.input.peek(1).empty()) {
      throw payload_fault("there is data behind the last chunk");
    }
  } catch (...) {
    state.failure = std::current_exception();
    throw;
  }
  const size_t count = std::min(target.size(), state.ready.size());
  if (count > 0) std::memcpy(target.data(), state.ready.data(), count);
  state.ready = state.ready.subspan(count);
  return count;
}

namespace {

// The front of a random access file as a stream, to read the header.
class FrontSource final : public Source {
 public:
  explicit FrontSource(RandomAccess& input) : input_(input) {}
  size_t read(ByteSpan target) override {
    const auto count =
        static_cast<size_t>(std::min<uint64_t>(target.size(), input_.size() - position_));
    input_.read_at(position_, target.first(count));
    position_ += count;
    return count;
  }
  uint64_t position() const { return position_; }

 private:
  RandomAccess& input_;
  uint64_t position_ = 0;
};

class ChunkAccess final : public RandomAccess {
 public:
  ChunkAccess(RandomAccess& input, std::span<const Identity> identities) : input_(input) {
    FrontSource front(input);
    Input buffered(front);
    cipher_ = begin_decryption(buffered, identities);
    payload_at_ = front.position() - buffered.held();
    measure(input.size() - payload_at_);
  }

  uint64_t size() const override { return size_; }
  void read_at(uint64_t offset, ByteSpan target) override;
  void check_end() { hold(chunks_ - 1, chunks_ - 1); }

 private:
  void measure(uint64_t payload_size);
  void hold(uint64_t number, uint64_t last_wanted);
  ByteView sealed_chunk(uint64_t number, uint64_t last_wanted);
  uint64_t sealed_end(uint64_t number) const {  // offset behind a chunk, from `payload_at_`
    return std::min((number + 1) * sealed_chunk_bytes, size_ + chunks_ * tag_bytes);
  }

  RandomAccess& input_;
  std::optional<ChunkCipher> cipher_;
  uint64_t payload_at_ = 0;  // offset of the first chunk
  uint64_t chunks_ = 0;
  uint64_t size_ = 0;
  Bytes sealed_;  // chunks `sealed_first_`, `sealed_first_ + 1`, ... as stored
  uint64_t sealed_first_ = 0;
  Bytes plain_ = Bytes(chunk_bytes);
  std::optional<uint64_t> held_;  // the chunk that is in `plain_`
};

void ChunkAccess::measure(uint64_t payload_size) {
  if (payload_size == 0) throw payload_fault(cut_between_chunks);
  chunks_ = (payload_size - 1) / sealed_chunk_bytes + 1;
  const uint64_t last_size = payload_size - (chunks_ - 1) * sealed_chunk_bytes;
  if (last_size < tag_bytes) throw payload_fault(cut_inside_chunk);
  if (last_size == tag_bytes && chunks_ > 1) throw payload_fault(empty_last_chunk);
  size_ = payload_size - chunks_ * tag_bytes;
}

ByteView ChunkAccess::sealed_chunk(uint64_t number, uint64_t last_wanted) {
  const uint64_t begin = number * sealed_chunk_bytes;
  const auto chunk_size = static_cast<size_t>(sealed_end(number) - begin);
  const uint64_t sealed_begin = sealed_first_ * sealed_chunk_bytes;
  if (begin < sealed_begin || begin + chunk_size > sealed_begin + sealed_.size()) {
    // All chunks of one request at once: each read may be a round trip to a store.
    const uint64_t last = std::min(last_wanted, number + chunks_per_read - 1);
    Bytes fetched(static_cast<size_t>(sealed_end(last) - begin));
    input_.read_at(payload_at_ + begin, fetched);
    sealed_ = std::move(fetched);
    sealed_first_ = number;
    return ByteView(sealed_).first(chunk_size);
  }
  return ByteView(sealed_).subspan(static_cast<size_t>(begin - sealed_begin), chunk_size);
}

void ChunkAccess::hold(uint64_t number, uint64_t last_wanted) {
  if (held_ == number) return;
  const ByteView chunk = sealed_chunk(number, last_wanted);
  const ChunkKind kind = number + 1 == chunks_ ? ChunkKind::last : ChunkKind::inner;
  held_.reset();
  if (!cipher_->open(number, kind, chunk, ByteSpan(plain_).first(chunk.size() - tag_bytes))) {
    throw damaged_chunk(number);
  }
  held_ = number;
}

void ChunkAccess::read_at(uint64_t offset, ByteSpan target) {
  if (offset > size_ || target.size() > size_ - offset) {
    throw Error(ErrorKind::verification, format("read {} bytes at {}: only {} bytes are there",
                                                target.size(), offset, size_));
  }
  while (!target.empty()) {
    const auto within = static_cast<size_t>(offset % chunk_bytes);
    hold(offset / chunk_bytes, (offset + target.size() - 1) / chunk_bytes);
    const size_t count = std::min(target.size(), chunk_bytes - within);
    std::memcpy(target.data(), plain_.data() + within, count);
    target = target.subspan(count);
    offset += count;
  }
}

}  // namespace

struct DecryptAccess::State {
  ChunkAccess access;
};

DecryptAccess::DecryptAccess(RandomAccess& input, std::span<const Identity> identities)
    : state_(new State{ChunkAccess(input, identities)}) {
  state_->access.check_end();
}

DecryptAccess::~DecryptAccess() = default;

uint64_t DecryptAccess::size() const { return state_->access.size(); }

void DecryptAccess::read_at(uint64_t offset, ByteSpan target) {
  state_->access.read_at(offset, target);
}

std::unique_ptr<RandomAccess> open_ranges(RandomAccess& input,
                                          std::span<const Identity> identities) {
  return std::make_unique<ChunkAccess>(input, identities);
}

}  // namespace lifeboat::age
