#include "codec/tar/pax.h"

#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/tar/header.h"

namespace lifeboat::tar {
namespace {

constexpr int64_t nanoseconds_per_second = 1'000'000'000;
constexpr std::string_view xattr_prefix = "SCHILY.xattr.";
constexpr std::string_view sparse_prefix = "GNU.sparse.";

// Sets `field`, or unsets it for an empty value, as POSIX says.
template <typename T, typename Parse>
void assign(std::optional<T>& field, std::string_view value, Parse&& parse) {
  if (value.empty()) {
    field.reset();
  } else {
    field = parse(value);
  }
}

std::string parse_path(std::string_view value) {
  if (value.size() > path_bytes_max) {
    refuse(format("a path of {} is longer than {}", print_bytes(value.size()),
                  print_bytes(path_bytes_max)));
  }
  if (value.find('\0') != value.npos) refuse("a path holds a zero byte");
  return std::string(value);
}

}  // namespace

void append_record(std::string& records, std::string_view keyword, std::string_view value) {
  const size_t rest = keyword.size() + value.size() + 3;  // ' ', '=', '\n'
  size_t length = rest + 1;
  while (length != rest + std::to_string(length).size()) {
    length = rest + std::to_string(length).size();
  }
  records += format("{} {}=", length, keyword);
  records += value;
  records += '\n';
}

void PaxFields::apply(std::string_view records) {
  while (!records.empty()) {
    const size_t space = records.find(' ');
    if (space == records.npos) refuse("an extended header's record has no length");
    const uint64_t length = parse_decimal(records.substr(0, space), "record length");
    if (length > records.size() || length < space + 3 || records[length - 1] != '\n') {
      refuse("an extended header's record has a wrong length");
    }
    const std::string_view record = records.substr(space + 1, length - space - 2);
    const size_t equals = record.find('=');
    if (equals == record.npos || equals == 0) refuse("an extended header's record has no keyword");
    apply_one(record.substr(0, equals), record.substr(equals + 1));
    records.remove_prefix(length);
  }
}

void PaxFields::apply_one(std::string_view keyword, std::string_view value) {
  const auto text = [](std::string_view v) { return std::string(v); };
  const auto number = [&](std::string_view v) { return parse_decimal(v, keyword); };
  if (keyword == "path") {
    assign(path, value, parse_path);
  } else if (keyword == "linkpath") {
    assign(link_target, value, parse_path);
  } else if (keyword == "uname") {
    assign(user, value, text);
  } else if (keyword == "gname") {
    assign(group, value, text);
  } else if (keyword == "uid") {
    assign(uid, value, number);
  } else if (keyword == "gid") {
    assign(gid, value, number);
  } else if (keyword == "size") {
    assign(size, value, number);
  } else if (keyword == "mtime") {
    assign(mtime, value, parse_seconds);
  } else if (keyword.starts_with(xattr_prefix)) {
    xattrs.emplace_back(decode_xattr_name(keyword.substr(xattr_prefix.size())), value);
  } else if (keyword.starts_with(sparse_prefix)) {
    apply_sparse(keyword.substr(sparse_prefix.size()), value);
  }
}

void PaxFields::apply_sparse(std::string_view keyword, std::string_view value) {
  is_sparse = true;
  if (keyword == "name") {
    sparse_path = parse_path(value);
  } else if (keyword == "realsize") {
    sparse_size = parse_decimal(value, keyword);
  } else if (!(keyword == "major" && value == "1") && !(keyword == "minor" && value == "0")) {
    Error error(
        ErrorKind::verification,
        format("read tar: a sparse file is not in format 1.0 (GNU.sparse.{})", printable(keyword)));
    error.add_hint("Write the archive with tar --format=pax --sparse-version=1.0.");
    throw error;
  }
}

uint64_t parse_decimal(std::string_view text, std::string_view what) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value > size_max) {
    refuse(format("the {} '{}' is no number, or too large", printable(what),
                  printable(text.substr(0, 40))));
  }
  return value;
}

std::string print_seconds(Timestamp time) {
  const int64_t total = time.time_since_epoch().count();
  // Unsigned, because the smallest number has no positive counterpart.
  const uint64_t absolute =
      total < 0 ? -static_cast<uint64_t>(total) : static_cast<uint64_t>(total);
  std::string text = format("{}{}", total < 0 ? "-" : "", absolute / nanoseconds_per_second);
  if (const uint64_t fraction = absolute % nanoseconds_per_second; fraction != 0) {
    text += format(".{:09}", fraction);
    text.erase(text.find_last_not_of('0') + 1);
  }
  return text;
}

Timestamp time_of_seconds(int64_t seconds) {
  // One second of room at both ends for a fraction.
  constexpr int64_t limit = INT64_MAX / nanoseconds_per_second - 1;
  if (seconds > limit || seconds < -limit) refuse(format("the time {} s is out of range", seconds));
  return Timestamp(std::chrono::seconds(seconds));
}

Timestamp parse_seconds(std::string_view text) {
  const bool is_negative = text.starts_with('-');
  const std::string_view digits = text.substr(is_negative ? 1 : 0);
  const size_t point = std::min(digits.find('.'), digits.size());
  const auto seconds = static_cast<int64_t>(parse_decimal(digits.substr(0, point), "mtime"));
  std::string fraction(digits.substr(std::min(point + 1, digits.size())));
  if (fraction.find_first_not_of("0123456789") != fraction.npos) refuse("an mtime is no number");
  fraction.resize(9, '0');  // finer than a nanosecond is cut off
  const std::chrono::nanoseconds part(static_cast<int64_t>(parse_decimal(fraction, "mtime")));
  return is_negative ? time_of_seconds(-seconds) - part : time_of_seconds(seconds) + part;
}

bool is_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return (c & 0x80) == 0; });
}

bool is_utf8(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    const size_t more = lead < 0x80 ? 0 : lead < 0xC0 ? 4 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    if (more == 4 || lead > 0xF4 || i + more >= text.size()) return false;
    uint32_t code = more == 0 ? lead : lead & (0x3Fu >> more);
    for (size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      code = code << 6 | (next & 0x3Fu);
    }
    // Overlong forms, surrogates, and beyond Unicode.
    constexpr uint32_t smallest[] = {0, 0x80, 0x800, 0x10000};
    if (code < smallest[more] || code > 0x10FFFF || (code >= 0xD800 && code < 0xE000)) return false;
    i += more + 1;
  }
  return true;
}

std::string encode_xattr_name(std::string_view name) {
  std::string encoded;
  for (const char c : name) {
    if (c == '%') {
      encoded += "%25";
    } else if (c == '=') {
      encoded += "%3D";
    } else {
      encoded += c;
    }
  }
  return encoded;
}

std::string decode_xattr_name(std::string_view encoded) {
  std::string name;
  for (size_t i = 0; i < encoded.size(); ++i) {
    const std::string_view escape = encoded.substr(i, 3);
    const bool is_escape = escape == "%25" || escape == "%3D";
    name += is_escape ? (escape == "%25" ? '%' : '=') : encoded[i];
    if (is_escape) i += 2;
  }
  return name;
}

}  // namespace lifeboat::tar
