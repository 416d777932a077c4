// The seek table behind good frames: the input is the table. Whatever it says, reads give the
// frames' own bytes or fail.
#include "codec/zstd/zstd.h"
#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace {

struct Frames {
  std::string stored;
  std::string raw;
};

// Four frames without their table.
const Frames& frames() {
  static const Frames made = [] {
    Frames all;
    MemorySink memory;
    zstd::FrameSink sink(memory, {.level = 1, .frame_bytes = 1000, .workers = 1});
    for (int i = 0; i < 700; ++i) all.raw += std::to_string(i * i) + ' ';
    all.raw.resize(3500);
    sink.write(as_bytes(all.raw));
    sink.finish();
    const zstd::Frame& last = sink.frames().back();
    all.stored = memory.text().substr(0, last.stored_offset + last.stored_size);
    return all;
  }();
  return made;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string file = frames().stored + std::string(fuzz::text_of(data, size));
  (void)fuzz::outcome([&] {
    MemoryAccess stored(to_bytes(file));
    zstd::SeekableAccess access(stored);
    uint64_t stored_sum = 0;
    for (const zstd::Frame& frame : access.frames()) {
      fuzz::require(frame.stored_offset == stored_sum, "frames lie one behind another");
      stored_sum += frame.stored_size;
    }
    fuzz::require(stored_sum <= file.size(), "frames lie in the file");
    std::string part(std::min<uint64_t>(access.size(), frames().raw.size()), '\0');
    access.read_at(access.size() - part.size(), std::as_writable_bytes(std::span(part)));
    fuzz::require(frames().raw.ends_with(part), "what is read was stored");
    return part;
  });
  return 0;
}
