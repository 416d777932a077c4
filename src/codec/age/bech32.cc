#include "codec/age/bech32.h"

#include <algorithm>
#include <cstdint>

#include "base/error.h"

namespace lifeboat::age {

namespace {

constexpr std::string_view alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
constexpr size_t checksum_digits = 6;

constexpr bool is_upper(char letter) { return letter >= 'A' && letter <= 'Z'; }
constexpr bool is_lower(char letter) { return letter >= 'a' && letter <= 'z'; }
constexpr char to_lower(char letter) {
  return is_upper(letter) ? static_cast<char>(letter - 'A' + 'a') : letter;
}

// The checksum's polynomial over prefix and digits, one five-bit digit at a time.
class Checksum {
 public:
  explicit Checksum(std::string_view prefix) {
    for (const char letter : prefix) add(static_cast<uint8_t>(letter) >> 5);
    add(0);
    for (const char letter : prefix) add(static_cast<uint8_t>(letter) & 31);
  }
  void add(uint32_t digit) {
    constexpr uint32_t generator[] = {0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3};
    const uint32_t top = value_ >> 25;
    value_ = (value_ & 0x1ffffff) << 5 ^ digit;
    for (size_t i = 0; i < 5; ++i) {
      if ((top >> i & 1) != 0) value_ ^= generator[i];
    }
  }
  uint32_t value() const { return value_; }

 private:
  uint32_t value_ = 1;
};

Bech32 faulty(std::string_view why) { return {why, {}, {}}; }

}  // namespace

Bech32 bech32_decode(std::string_view text) {
  if (std::ranges::any_of(text, is_upper) && std::ranges::any_of(text, is_lower)) {
    return faulty("it mixes upper and lower case");
  }
  const size_t separator = text.rfind('1');
  if (separator == std::string_view::npos || separator == 0) return faulty("it has no prefix");
  std::string prefix(text.substr(0, separator));
  std::ranges::transform(prefix, prefix.begin(), to_lower);
  if (std::ranges::any_of(prefix, [](char letter) { return letter < 33 || letter > 126; })) {
    return faulty("its prefix has a character that is not allowed");
  }
  const std::string_view digits = text.substr(separator + 1);
  if (digits.size() < checksum_digits) return faulty("it is too short");

  Checksum checksum(prefix);
  Secret data((digits.size() - checksum_digits) * 5 / 8);
  size_t filled = 0;
  uint32_t bits = 0;
  unsigned held = 0;
  for (size_t i = 0; i < digits.size(); ++i) {
    const size_t digit = alphabet.find(to_lower(digits[i]));
    if (digit == std::string_view::npos) return faulty("it has a character that is not allowed");
    checksum.add(static_cast<uint32_t>(digit));
    if (i >= digits.size() - checksum_digits) continue;
    bits = bits << 5 | static_cast<uint32_t>(digit);
    held += 5;
    if (held >= 8) {
      held -= 8;
      data.span()[filled++] = static_cast<std::byte>(bits >> held & 255);
    }
  }
  if (checksum.value() != 1) return faulty("its checksum does not match");
  const uint32_t unused = bits & ((1U << held) - 1);
  if (held >= 5 || unused != 0) return faulty("it is not in canonical form");
  return {{}, std::move(prefix), std::move(data)};
}

Secret bech32_encode(std::string_view prefix, ByteView data) {
  ensure(std::ranges::none_of(prefix, is_upper), "a bech32 prefix is given in lower case");
  const size_t data_digits = (data.size() * 8 + 4) / 5;
  Secret text(prefix.size() + 1 + data_digits + checksum_digits);
  size_t filled = 0;
  const auto put = [&](char letter) { text.span()[filled++] = static_cast<std::byte>(letter); };
  for (const char letter : prefix) put(letter);
  put('1');
  Checksum checksum(prefix);
  const auto put_digit = [&](uint32_t digit) {
    checksum.add(digit);
    put(alphabet[digit]);
  };
  uint32_t bits = 0;
  unsigned held = 0;
  for (const std::byte byte : data) {
    bits = bits << 8 | std::to_integer<uint32_t>(byte);
    held += 8;
    for (; held >= 5; held -= 5) put_digit(bits >> (held - 5) & 31);
  }
  if (held > 0) put_digit(bits << (5 - held) & 31);
  for (size_t i = 0; i < checksum_digits; ++i) checksum.add(0);
  const uint32_t sum = checksum.value() ^ 1;
  for (size_t i = 0; i < checksum_digits; ++i) put(alphabet[sum >> (5 * (5 - i)) & 31]);
  return text;
}

}  // namespace lifeboat::age
