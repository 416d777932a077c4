// The engine's frames: the same as a plain reading of the format gives, and never more than came.
#include "docker/frames.h"

#include <optional>

#include "fuzz/fuzz.h"

using namespace lifeboat;

namespace {

// stdout, or nothing for a stream that is cut off, damaged or ended by the engine.
std::optional<std::string> plain_reading(std::string_view wire) {
  std::string output;
  while (!wire.empty()) {
    if (wire.size() < 8) return std::nullopt;
    const auto value = [&](size_t at) { return uint32_t{static_cast<unsigned char>(wire[at])}; };
    const uint64_t length = value(4) << 24 | value(5) << 16 | value(6) << 8 | value(7);
    const bool is_frame = value(0) >= 1 && value(0) <= 3 && (value(1) | value(2) | value(3)) == 0;
    // An engine's error of no length says nothing.
    if (!is_frame || (value(0) == 3 && length > 0) || wire.size() - 8 < length) return std::nullopt;
    if (value(0) == 1) output += wire.substr(8, length);
    wire.remove_prefix(8 + length);
  }
  return output;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view wire = fuzz::text_of(data, size);
  const std::string read = fuzz::same_for_all_steps(wire, [](Source& source, size_t step) {
    FrameSource frames(source, "run 'x'");
    std::string output = fuzz::drain(frames, step);
    fuzz::require(frames.stderr_tail().size() <= 4096, "of stderr the end is kept");
    return output;
  });
  const auto expected = plain_reading(wire);
  fuzz::require(fuzz::is_taken(read) == expected.has_value(), "whole streams are taken", read);
  fuzz::require(!expected || read == "taken: " + *expected, "stdout is what was framed so", read);
  return 0;
}
