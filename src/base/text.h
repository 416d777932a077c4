// Small helpers for text that people read or type.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

// "0 B", "512 B", "1.5 KiB", "3.2 GiB".
std::string print_bytes(uint64_t bytes);
// Parses "512", "64 KiB", "1.5GB"; SI and IEC suffixes. Nothing if it is not a size.
std::optional<uint64_t> parse_bytes(std::string_view text);
// "850 ms", "4.2 s", "3 min 20 s", "2 h 5 min".
std::string print_duration(std::chrono::nanoseconds duration);
// "1 workflow", "12 workflows".
std::string print_count(uint64_t count, std::string_view singular, std::string_view plural);

// The candidate nearest to `typed` by edit distance (adjacent swaps count as one), when near enough
// to be a likely typo.
std::optional<std::string> nearest(std::string_view typed,
                                   const std::vector<std::string>& candidates);

// Bytes of the character at the start of `text`, which is not empty; 0 if it is not UTF-8.
size_t utf8_length(std::string_view text);

// Makes untrusted text safe to print on a terminal: control characters, escape sequences and bytes
// that are not UTF-8 become \xNN.
std::string printable(std::string_view text);

std::vector<std::string> split(std::string_view text, char separator);
std::string_view trim(std::string_view text);
// A to Z become a to z, whatever the locale; all other bytes stay.
std::string ascii_lower(std::string_view text);

// RFC 3986: all but A-Z a-z 0-9 - . _ ~ and the letters of `kept` become %XX.
std::string percent_encode(std::string_view text, std::string_view kept = "");
// Nothing for a broken %XX. '+' is a letter like any other.
std::optional<std::string> percent_decode(std::string_view text);

// `text` as one word of a POSIX shell's command, in single quotes.
std::string shell_word(std::string_view text);

// Whether `path` is `parent` or lies below it, by their names alone: both are normal.
bool is_at_or_below(std::string_view path, std::string_view parent);

// Appends `more` to `tail`, of which the last `bytes_max` stay.
void append_tail(std::string& tail, std::string_view more, size_t bytes_max);

}  // namespace lifeboat
