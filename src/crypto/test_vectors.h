// For tests only: published values as hexadecimal text.
#pragma once

#include <algorithm>
#include <charconv>
#include <string_view>

#include "base/bytes.h"
#include "crypto/x25519.h"

namespace lifeboat::test {

inline Bytes unhex(std::string_view text) {
  Bytes bytes(text.size() / 2);
  for (size_t i = 0; i < bytes.size(); ++i) {
    unsigned value = 0;
    std::from_chars(text.data() + 2 * i, text.data() + 2 * i + 2, value, 16);
    bytes[i] = static_cast<std::byte>(value);
  }
  return bytes;
}

inline X25519Point unhex_point(std::string_view text) {
  const Bytes bytes = unhex(text);
  X25519Point point;
  std::copy_n(bytes.begin(), point.size(), point.begin());
  return point;
}

// All encodings below 2^255 of points of order 1, 2, 4 and 8: https://cr.yp.to/ecdh.html#validate
// Each has a twin with the top bit set, which X25519 ignores.
inline constexpr std::string_view low_order_points[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

}  // namespace lifeboat::test
