// Where a frame ends, found by the content around the place: behind an inserted row of a dump the
// same bytes end up in the same frames as the night before, and are found in the frame cache.
//
// A gear hash (FastCDC,
// https://www.usenix.org/conference/atc16/technical-sessions/presentation/xia) over the last 64
// bytes; the cut is where it is greatest between the least and the most size. Not the first place
// below a threshold: that needs a third size for content which has no such place.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace lifeboat::zstd {

inline constexpr size_t gear_window_bytes = 64;

// A random number for each byte value, by splitmix64. Another table means other cuts: the frames
// in everybody's cache would be lost once, and nothing else.
consteval std::array<uint64_t, 256> make_gear() {
  std::array<uint64_t, 256> gear{};
  uint64_t state = 0;
  for (uint64_t& value : gear) {
    state += 0x9e3779b97f4a7c15;
    value = (state ^ (state >> 30)) * 0xbf58476d1ce4e5b9;
    value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
    value ^= value >> 31;
  }
  return gear;
}

// How many of `data`'s bytes the frame takes: more than `bytes_min`, which is less than all.
inline size_t content_cut(ByteView data, size_t bytes_min) {
  static constexpr std::array<uint64_t, 256> gear = make_gear();
  uint64_t hash = 0;
  const auto turn = [&](size_t at) {
    hash = (hash << 1) + gear[std::to_integer<unsigned char>(data[at])];
  };
  for (size_t at = bytes_min - std::min(bytes_min, gear_window_bytes); at < bytes_min; ++at) {
    turn(at);
  }
  size_t cut = bytes_min + 1;
  uint64_t greatest = 0;
  for (size_t at = bytes_min; at < data.size(); ++at) {
    turn(at);
    if (hash > greatest) {
      greatest = hash;
      cut = at + 1;
    }
  }
  return cut;
}

}  // namespace lifeboat::zstd
