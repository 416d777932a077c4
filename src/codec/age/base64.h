// Base64 as age uses it: the standard alphabet (RFC 4648, section 4), canonical or refused.
//
// Two texts that decode to the same bytes would make a file malleable, so a decoder takes exactly
// what the encoder makes: unused bits zero, no other character, padding all there or not at all.
// OpenSSL's decoder skips white space and ignores unused bits, and could not be used.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace lifeboat::age {

enum class Base64Padding {
  none,      // in headers
  required,  // in ASCII armor
};

std::string base64_encode(ByteView bytes, Base64Padding padding);
// Nothing unless `text` is the canonical form of some bytes.
std::optional<Bytes> base64_decode(std::string_view text, Base64Padding padding);

}  // namespace lifeboat::age
