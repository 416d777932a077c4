// Any zstd stream, and gzip beside it: the output is what it is whatever the sizes of the reads. A
// file that can be read by its seek table gives the same bytes as a stream.
#include "codec/gzip/gzip.h"
#include "codec/zstd/zstd.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace {

constexpr size_t bytes_max = 256 * 1024;

// In one word for every refusal: what libzstd says of damage depends on the room it is given.
template <typename Decompressor>
std::string decompressed(Source& source, size_t step) {
  try {
    Decompressor plain(source);
    return fuzz::drain(plain, step * 512, bytes_max);
  } catch (const Error& error) {
    throw Error(error.kind(), "damaged");
  }
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  fuzz::same_for_all_steps(text, decompressed<gzip::DecompressSource>);
  const std::string streamed = fuzz::same_for_all_steps(text, decompressed<zstd::DecompressSource>);
  const std::string by_frames = fuzz::same_for_all_steps(text, decompressed<zstd::FrameSource>);
  // Of a damaged frame one thread gives the beginning, which may be all that is asked for.
  const bool is_cut = fuzz::is_taken(streamed) && streamed.size() >= bytes_max;
  fuzz::require(by_frames == streamed || is_cut, "many threads give what one gives", by_frames);
  const std::string by_table = fuzz::outcome([&] {
    MemoryAccess stored(to_bytes(text));
    zstd::SeekableAccess access(stored);
    if (access.size() > bytes_max) throw Error(ErrorKind::limit, "too large for this target");
    std::string all(access.size(), '\0');
    access.read_at(0, std::as_writable_bytes(std::span(all)));
    return all;
  });
  if (fuzz::is_taken(by_table) && by_table.size() < bytes_max) {
    fuzz::require(streamed == by_table, "the seek table names what the stream gives", streamed);
  }
  return 0;
}
