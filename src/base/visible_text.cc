#include "base/visible_text.h"

#include <algorithm>

#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

unsigned byte_of(std::string_view text, size_t at) { return static_cast<unsigned char>(text[at]); }

// U+0080 to U+009F are the C1 controls, which some terminals obey.
bool is_c1(std::string_view text, size_t length) {
  return length == 2 && byte_of(text, 0) == 0xC2 && byte_of(text, 1) < 0xA0;
}

std::string hex_bytes(std::string_view bytes) {
  std::string result;
  for (size_t at = 0; at < bytes.size(); ++at) result += format("\\x{:02x}", byte_of(bytes, at));
  return result;
}

// Of a character of one to three bytes.
unsigned code_point(std::string_view character) {
  if (character.size() == 1) return byte_of(character, 0);
  unsigned code = byte_of(character, 0) & (character.size() == 2 ? 0x1Fu : 0x0Fu);
  for (size_t at = 1; at < character.size(); ++at) code = code << 6 | (byte_of(character, at) & 63);
  return code;
}

// "\x1b[1;31m", and 0 for what is no colour.
size_t colour_length(std::string_view text) {
  if (!text.starts_with("\x1b[")) return 0;
  const size_t end = text.find_first_not_of("0123456789;", 2);
  return end != text.npos && text[end] == 'm' ? end + 1 : 0;
}

}  // namespace

std::string escape_controls(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const unsigned lead = byte_of(text, 0);
    const bool is_control = lead < 0x20 || lead == 0x7F || is_c1(text, length);
    const size_t taken = std::max<size_t>(length, 1);
    result += length == 0 || is_control ? hex_bytes(text.substr(0, taken))
                                        : std::string(text.substr(0, taken));
    text.remove_prefix(taken);
  }
  return result;
}

size_t steering_length(std::string_view text) {
  if (text.empty() || byte_of(text, 0) < 0xD8) return 0;
  const size_t length = utf8_length(text);
  if (length != 2 && length != 3) return 0;
  const unsigned code = code_point(text.substr(0, length));
  const bool steers = code == 0x061C || code == 0x200E || code == 0x200F || code == 0xFEFF ||
                      (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069);
  return steers ? length : 0;
}

std::string printable(std::string_view text) {
  const std::string clean = escape_controls(text);
  std::string_view left = clean;
  std::string result;
  while (!left.empty()) {
    const size_t steering = steering_length(left);
    const size_t taken = std::max<size_t>(steering, 1);
    result += steering > 0 ? hex_bytes(left.substr(0, steering)) : std::string(1, left[0]);
    left.remove_prefix(taken);
  }
  return result;
}

std::string terminal_text(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const unsigned lead = byte_of(text, 0);
    const size_t colour = colour_length(text);
    const size_t length = colour > 0 ? colour : utf8_length(text);
    const bool is_control =
        colour == 0 && ((lead < 0x20 && lead != '\n' && lead != '\t') || lead == 0x7F ||
                        is_c1(text, length) || steering_length(text) > 0);
    const size_t taken = std::max<size_t>(length, 1);
    if (length == 0) {
      result += hex_bytes(text.substr(0, 1));
    } else if (is_control) {
      result += format("\\u{:04x}", code_point(text.substr(0, taken)));
    } else {
      result += text.substr(0, taken);
    }
    text.remove_prefix(taken);
  }
  return result;
}

}  // namespace lifeboat
