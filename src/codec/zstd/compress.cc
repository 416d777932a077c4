#include "codec/zstd/format.h"
#include "codec/zstd/zstd.h"

namespace lifeboat::zstd {

struct CompressSink::State {
  State(Sink& next_sink, int level)
      : next(next_sink), context(make_compress_context(level)), stored(ZSTD_CStreamOutSize()) {}

  // Feeds `data`; with ZSTD_e_end until the frame is complete.
  void compress(ByteView data, ZSTD_EndDirective directive) {
    ZSTD_inBuffer input{data.data(), data.size(), 0};
    for (;;) {
      ZSTD_outBuffer output{stored.data(), stored.size(), 0};
      const size_t left = check(ZSTD_compressStream2(context.get(), &output, &input, directive),
                                ErrorKind::limit, "compress");
      next.write(ByteView(stored).first(output.pos));
      if (directive == ZSTD_e_end ? left == 0 : input.pos == input.size) return;
    }
  }

  Sink& next;
  CompressContext context;
  Bytes stored;
};

CompressSink::CompressSink(Sink& next, int level) : state_(std::make_unique<State>(next, level)) {}
CompressSink::~CompressSink() = default;

void CompressSink::do_write(ByteView data) { state_->compress(data, ZSTD_e_continue); }
void CompressSink::do_finish() { state_->compress({}, ZSTD_e_end); }

}  // namespace lifeboat::zstd
