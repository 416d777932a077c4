// A notice as plain text, for mail and heartbeats, and what all texts for people share.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "observe/notice.h"

namespace lifeboat {

// `text` if it has at most `units_max` UTF-16 units (never fewer than code points, so limits that
// count either way are kept), else its beginning and "… (123 more)", in all at most that. What is
// not UTF-8 must be made printable before. `units_max` is 32 or more.
std::string shorten(std::string_view text, size_t units_max);
size_t utf16_units(std::string_view utf8);
// On one line: line ends become spaces, what no terminal should get becomes \xNN.
std::string one_line(std::string_view text);
// For a notice of a recovery; empty for others.
std::string_view recovery_line(const Notice& notice);

// All of a notice but its title, lines of UTF-8 with \n; each line printable.
std::string print_plain(const Notice& notice);

}  // namespace lifeboat
