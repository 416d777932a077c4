#include "codec/zstd/format.h"
#include "codec/zstd/zstd.h"

namespace lifeboat::zstd {

struct DecompressSource::State {
  explicit State(Source& input_source)
      : source(input_source), context(make_decompress_context()), stored(ZSTD_DStreamInSize()) {}

  // Gets more stored bytes; false at the end of the input, which must be the end of a frame.
  bool refill() {
    input = {stored.data(), source.read(stored), 0};
    if (input.size > 0) {
      is_empty = false;
      return true;
    }
    if (is_empty || in_frame) {
      throw Error(ErrorKind::verification,
                  format("decompress: the zstd stream is {}", is_empty ? "empty" : "cut off"));
    }
    return false;
  }

  Source& source;
  DecompressContext context;
  Bytes stored;
  ZSTD_inBuffer input{nullptr, 0, 0};
  bool is_empty = true;
  bool in_frame = false;
  bool has_pending = false;  // the decoder may hold output that had no room
};

DecompressSource::DecompressSource(Source& input) : state_(std::make_unique<State>(input)) {}
DecompressSource::~DecompressSource() = default;

size_t DecompressSource::read(ByteSpan target) {
  State& state = *state_;
  for (;;) {
    if (state.input.pos == state.input.size && !state.has_pending && !state.refill()) return 0;
    ZSTD_outBuffer output{target.data(), target.size(), 0};
    const size_t left = check(ZSTD_decompressStream(state.context.get(), &output, &state.input),
                              ErrorKind::verification, "decompress");
    state.in_frame = left != 0;
    state.has_pending = state.in_frame && output.pos == output.size;
    if (output.pos > 0) return output.pos;
  }
}

}  // namespace lifeboat::zstd
