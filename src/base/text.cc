#include "base/text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "base/format.h"

namespace lifeboat {
namespace {

size_t edit_distance(std::string_view left, std::string_view right) {
  const size_t columns = right.size() + 1;
  std::vector<size_t> before_last(columns), last(columns), current(columns);
  for (size_t column = 0; column < columns; ++column) last[column] = column;
  for (size_t row = 1; row <= left.size(); ++row) {
    current[0] = row;
    for (size_t column = 1; column < columns; ++column) {
      const size_t cost = left[row - 1] == right[column - 1] ? 0 : 1;
      current[column] =
          std::min({last[column] + 1, current[column - 1] + 1, last[column - 1] + cost});
      const bool swapped = row > 1 && column > 1 && left[row - 1] == right[column - 2] &&
                           left[row - 2] == right[column - 1];
      if (swapped) current[column] = std::min(current[column], before_last[column - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, current);
  }
  return last[right.size()];
}

}  // namespace

std::string print_bytes(uint64_t bytes) {
  constexpr std::array units{"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
  if (bytes < 1024) return format("{} B", bytes);
  auto value = static_cast<double>(bytes);
  size_t unit = 0;
  constexpr double shown_as_1024 = 1023.95;  // in one decimal
  while (value >= shown_as_1024 && unit + 1 < units.size()) {
    value /= 1024;
    ++unit;
  }
  return format("{:.1f} {}", value, units[unit]);
}

std::optional<uint64_t> parse_bytes(std::string_view text) {
  struct Unit {
    std::string_view name;
    double factor;
  };
  constexpr std::array units{Unit{"", 1},      Unit{"B", 1},        Unit{"K", 1024},
                             Unit{"KB", 1e3},  Unit{"KiB", 0x1p10}, Unit{"M", 0x1p20},
                             Unit{"MB", 1e6},  Unit{"MiB", 0x1p20}, Unit{"G", 0x1p30},
                             Unit{"GB", 1e9},  Unit{"GiB", 0x1p30}, Unit{"T", 0x1p40},
                             Unit{"TB", 1e12}, Unit{"TiB", 0x1p40}};
  text = trim(text);
  uint64_t whole = 0;
  const char* const end = text.data() + text.size();
  const auto digits = std::from_chars(text.data(), end, whole);
  // Without a suffix exact: a double has 53 bits only.
  if (digits.ec == std::errc() && digits.ptr == end && whole < uint64_t{1} << 63) return whole;
  double value = 0;
  const auto parsed = std::from_chars(text.data(), end, value, std::chars_format::fixed);
  if (parsed.ec != std::errc() || !(value >= 0)) return std::nullopt;
  const std::string_view suffix = trim({parsed.ptr, static_cast<size_t>(end - parsed.ptr)});
  for (const Unit& unit : units) {
    if (suffix != unit.name) continue;
    const double bytes = value * unit.factor;
    if (bytes >= 0x1p63) return std::nullopt;
    return static_cast<uint64_t>(std::llround(bytes));
  }
  return std::nullopt;
}

std::string print_duration(std::chrono::nanoseconds duration) {
  using namespace std::chrono;
  const double elapsed_s = std::chrono::duration<double>(duration).count();
  if (elapsed_s < 1) return format("{} ms", duration_cast<milliseconds>(duration).count());
  if (elapsed_s < 59.95) return format("{:.1f} s", elapsed_s);  // never "60.0 s"
  const auto total = round<seconds>(duration).count();
  if (total < 3600) return format("{} min {} s", total / 60, total % 60);
  return format("{} h {} min", total / 3600, total % 3600 / 60);
}

std::string print_count(uint64_t count, std::string_view singular, std::string_view plural) {
  return format("{} {}", count, count == 1 ? singular : plural);
}

std::optional<std::string> nearest(std::string_view typed,
                                   const std::vector<std::string>& candidates) {
  std::optional<std::string> best;
  size_t best_distance = std::max<size_t>(1, typed.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const size_t distance = edit_distance(typed, candidate);
    if (distance < best_distance) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t at) { return static_cast<unsigned char>(text[at]); };
  const auto follows = [&](size_t at) { return at < text.size() && (byte(at) & 0xC0) == 0x80; };
  const unsigned lead = byte(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return follows(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF && follows(1) && follows(2)) {
    const bool overlong = lead == 0xE0 && byte(1) < 0xA0;
    const bool surrogate = lead == 0xED && byte(1) >= 0xA0;
    return overlong || surrogate ? 0 : 3;
  }
  if (lead >= 0xF0 && lead <= 0xF4 && follows(1) && follows(2) && follows(3)) {
    const bool overlong = lead == 0xF0 && byte(1) < 0x90;
    const bool beyond = lead == 0xF4 && byte(1) >= 0x90;
    return overlong || beyond ? 0 : 4;
  }
  return 0;
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  for (;;) {
    const size_t at = text.find(separator);
    parts.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return parts;
    text.remove_prefix(at + 1);
  }
}

std::string_view trim(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const size_t begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

std::string ascii_lower(std::string_view text) {
  std::string lowered(text);
  std::transform(lowered.begin(), lowered.end(), lowered.begin(), [](char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
  });
  return lowered;
}

std::string percent_encode(std::string_view text, std::string_view kept) {
  std::string encoded;
  for (const char letter : text) {
    const bool plain = (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
                       (letter >= '0' && letter <= '9') || letter == '-' || letter == '.' ||
                       letter == '_' || letter == '~' || kept.find(letter) != kept.npos;
    if (plain) {
      encoded += letter;
    } else {
      encoded += format("%{:02X}", static_cast<unsigned char>(letter));
    }
  }
  return encoded;
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  for (size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    if (text.size() - at < 3) return std::nullopt;
    uint8_t byte = 0;
    const char* digits = text.data() + at + 1;
    if (std::from_chars(digits, digits + 2, byte, 16).ptr != digits + 2) return std::nullopt;
    decoded += static_cast<char>(byte);
    at += 2;
  }
  return decoded;
}

std::string shell_word(std::string_view text) {
  std::string word = "'";
  for (const char letter : text) {
    word += letter == '\'' ? std::string("'\\''") : std::string(1, letter);
  }
  return word + "'";
}

bool is_at_or_below(std::string_view path, std::string_view parent) {
  while (parent.size() > 1 && parent.ends_with('/')) parent.remove_suffix(1);
  if (parent == "/") return true;
  return path == parent || (path.starts_with(parent) && path[parent.size()] == '/');
}

void append_tail(std::string& tail, std::string_view more, size_t bytes_max) {
  tail += more;
  if (tail.size() > bytes_max) tail.erase(0, tail.size() - bytes_max);
}

}  // namespace lifeboat
