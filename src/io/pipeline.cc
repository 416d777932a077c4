#include "io/pipeline.h"

namespace lifeboat {
namespace {

constexpr size_t block_bytes = 256 * 1024;

}  // namespace

uint64_t pump(Source& source, Sink& target, const StopToken& stop, const ProgressFn& progress) {
  Bytes block(block_bytes);
  uint64_t moved = 0;
  for (;;) {
    stop.throw_if_stopped();
    const size_t count = source.read(block);
    if (count == 0) return moved;
    target.write(ByteView(block).first(count));
    moved += count;
    if (progress) progress(count);
  }
}

}  // namespace lifeboat
