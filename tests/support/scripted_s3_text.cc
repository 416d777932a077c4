#include "support/scripted_s3_text.h"

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"

namespace lifeboat::test {
namespace {

std::string print_utc(std::time_t time, const char* format) {
  std::tm parts{};
  ::gmtime_r(&time, &parts);
  std::array<char, 64> text{};
  const size_t size = std::strftime(text.data(), text.size(), format, &parts);
  return {text.data(), size};
}

constexpr std::array<std::pair<std::string_view, std::string_view>, 5> xml_entities{
    {{"&", "&amp;"}, {"<", "&lt;"}, {">", "&gt;"}, {"\"", "&quot;"}, {"'", "&apos;"}}};

}  // namespace

std::string md5(std::string_view data) {
  static const std::array<int, 16> turns{7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21};
  static const std::array<uint32_t, 64> sines = [] {
    std::array<uint32_t, 64> made{};
    for (size_t i = 0; i < made.size(); ++i) {
      made[i] = static_cast<uint32_t>(std::floor(std::abs(std::sin(double(i + 1))) * 4294967296.0));
    }
    return made;
  }();
  const uint64_t bits = uint64_t{data.size()} * 8;
  const size_t whole = data.size() / 64 * 64;
  std::string tail(data.substr(whole));
  tail += '\x80';
  while (tail.size() % 64 != 56) tail += '\0';
  for (unsigned i = 0; i < 8; ++i) tail += static_cast<char>(bits >> (8 * i) & 0xFF);
  std::array<uint32_t, 4> state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  const auto take_block = [&](const char* block) {
    std::array<uint32_t, 16> words{};
    for (size_t i = 0; i < 64; ++i) {
      words[i / 4] |= uint32_t{static_cast<unsigned char>(block[i])} << (8 * (i % 4));
    }
    auto [a, b, c, d] = state;
    for (size_t i = 0; i < 64; ++i) {
      const size_t round = i / 16;
      const uint32_t mixed = round == 0   ? (b & c) | (~b & d)
                             : round == 1 ? (d & b) | (~d & c)
                             : round == 2 ? b ^ c ^ d
                                          : c ^ (b | ~d);
      const size_t word = (round == 0   ? i
                           : round == 1 ? 5 * i + 1
                           : round == 2 ? 3 * i + 5
                                        : 7 * i) %
                          16;
      const uint32_t turned =
          std::rotl(a + mixed + sines[i] + words[word], turns[4 * round + i % 4]);
      a = d;
      d = c;
      c = b;
      b += turned;
    }
    state = {state[0] + a, state[1] + b, state[2] + c, state[3] + d};
  };
  for (size_t at = 0; at < whole; at += 64) take_block(data.data() + at);
  for (size_t at = 0; at < tail.size(); at += 64) take_block(tail.data() + at);
  std::string made;
  for (const uint32_t word : state) {
    for (unsigned i = 0; i < 4; ++i) made += static_cast<char>(word >> (8 * i) & 0xFF);
  }
  return made;
}

std::string md5_hex(std::string_view md5_bytes) { return hex_encode(as_bytes(md5_bytes)); }

std::string uri_encode(std::string_view text, bool keep_slash) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string made;
  for (const char letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    const bool plain = (byte >= 'A' && byte <= 'Z') || (byte >= 'a' && byte <= 'z') ||
                       (byte >= '0' && byte <= '9') ||
                       std::string_view("-._~").find(letter) != std::string_view::npos ||
                       (letter == '/' && keep_slash);
    if (plain) {
      made += letter;
    } else {
      made += {'%', digits[byte >> 4], digits[byte & 15]};
    }
  }
  return made;
}

std::string uri_decode(std::string_view text, bool plus_is_space) {
  std::string made;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size()) {
      made +=
          static_cast<char>(std::strtol(std::string(text.substr(i + 1, 2)).c_str(), nullptr, 16));
      i += 2;
    } else {
      made += text[i] == '+' && plus_is_space ? ' ' : text[i];
    }
  }
  return made;
}

std::string xml_escape(std::string_view text) {
  std::string made;
  for (const char letter : text) {
    std::string_view part(&letter, 1);
    for (const auto& [plain, entity] : xml_entities) {
      if (plain == std::string_view(&letter, 1)) part = entity;
    }
    made += part;
  }
  return made;
}

std::string xml_unescape(std::string text) {
  for (auto pair = xml_entities.rbegin(); pair != xml_entities.rend(); ++pair) {
    for (size_t at = 0; (at = text.find(pair->second, at)) != std::string::npos; ++at) {
      text.replace(at, pair->second.size(), pair->first);
    }
  }
  return text;
}

std::vector<std::string> xml_texts(std::string_view xml, const std::string& name) {
  const std::string open = "<" + name + ">";
  const std::string close = "</" + name + ">";
  std::vector<std::string> made;
  for (size_t at = 0; (at = xml.find(open, at)) != std::string_view::npos;) {
    at += open.size();
    const size_t end = xml.find(close, at);
    if (end == std::string_view::npos) break;
    made.emplace_back(xml.substr(at, end - at));
  }
  return made;
}

std::string http_date(std::time_t time) { return print_utc(time, "%a, %d %b %Y %H:%M:%S GMT"); }
std::string iso_date(std::time_t time) { return print_utc(time, "%Y-%m-%dT%H:%M:%S.000Z"); }

}  // namespace lifeboat::test
