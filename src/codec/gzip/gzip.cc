#include "codec/gzip/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/format.h"

namespace lifeboat::gzip {
namespace {

constexpr size_t block_bytes = 128 * 1024;
constexpr int gzip_window = MAX_WBITS + 16;  // 16 asks zlib for gzip's header and trailer
constexpr int memory_level = 8;

Bytef* bytef(std::byte* data) { return reinterpret_cast<Bytef*>(data); }

[[noreturn]] void fail(std::string_view why) {
  throw Error(ErrorKind::verification, format("decompress gzip: {}", why));
}

}  // namespace

struct CompressSink::State {
  State(Sink& target, int level) : next(target), block(block_bytes) {
    const int result =
        ::deflateInit2(&stream, level, Z_DEFLATED, gzip_window, memory_level, Z_DEFAULT_STRATEGY);
    if (result != Z_OK) throw Error(ErrorKind::limit, "compress: no memory for zlib");
  }
  ~State() { ::deflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Writes what zlib gives until it wants more input, or until the end for Z_FINISH.
  void run(int flush) {
    int result = Z_OK;
    do {
      stream.next_out = bytef(block.data());
      stream.avail_out = static_cast<uInt>(block.size());
      result = ::deflate(&stream, flush);
      ensure(result != Z_STREAM_ERROR, "zlib's state is whole");
      const size_t made = block.size() - stream.avail_out;
      if (made > 0) next.write(ByteView(block).first(made));
    } while (stream.avail_out == 0 || (flush == Z_FINISH && result != Z_STREAM_END));
  }

  Sink& next;
  z_stream stream{};
  Bytes block;
};

CompressSink::CompressSink(Sink& next, int level) : state_(std::make_unique<State>(next, level)) {}
CompressSink::~CompressSink() = default;

void CompressSink::do_write(ByteView data) {
  constexpr size_t portion_max = std::numeric_limits<uInt>::max();
  while (!data.empty()) {
    const size_t count = std::min(data.size(), portion_max);
    // zlib does not write to its input, but says so only when built with another macro.
    state_->stream.next_in = bytef(const_cast<std::byte*>(data.data()));
    state_->stream.avail_in = static_cast<uInt>(count);
    state_->run(Z_NO_FLUSH);
    data = data.subspan(count);
  }
}

void CompressSink::do_finish() { state_->run(Z_FINISH); }

struct DecompressSource::State {
  explicit State(Source& source) : input(source), block(block_bytes) {
    if (::inflateInit2(&stream, gzip_window) != Z_OK) {
      throw Error(ErrorKind::limit, "decompress: no memory for zlib");
    }
  }
  ~State() { ::inflateEnd(&stream); }
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  void refill() {
    const size_t count = input.read(block);
    if (count == 0) fail("it is cut off");
    stream.next_in = bytef(block.data());
    stream.avail_in = static_cast<uInt>(count);
  }

  void check_end() {
    Bytes rest(1);
    if (stream.avail_in > 0 || input.read(rest) > 0) fail("something stands behind its end");
    at_end = true;
  }

  Source& input;
  z_stream stream{};
  Bytes block;
  bool at_end = false;
};

DecompressSource::DecompressSource(Source& input) : state_(std::make_unique<State>(input)) {}
DecompressSource::~DecompressSource() = default;

size_t DecompressSource::read(ByteSpan target) {
  State& state = *state_;
  if (state.at_end) return 0;
  const size_t wanted = std::min<size_t>(target.size(), std::numeric_limits<uInt>::max());
  state.stream.next_out = bytef(target.data());
  state.stream.avail_out = static_cast<uInt>(wanted);
  for (;;) {
    if (state.stream.avail_in == 0) state.refill();
    const int result = ::inflate(&state.stream, Z_NO_FLUSH);
    if (result != Z_OK && result != Z_STREAM_END) {
      fail(state.stream.msg != nullptr ? state.stream.msg : "it is damaged");
    }
    const size_t made = wanted - state.stream.avail_out;
    if (result == Z_STREAM_END) state.check_end();
    if (made > 0 || state.at_end) return made;
  }
}

}  // namespace lifeboat::gzip
