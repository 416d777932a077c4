// Text cut to what a line has room for.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace lifeboat {

// "now", "12 min", "5 h", "3 d": how old something is, in one unit.
std::string print_age(std::chrono::nanoseconds age);

// `text` made printable and cut to `bytes_max` (4 or more), with "..." at the end. Changes nothing
// when applied again.
std::string clip_text(std::string_view text, size_t bytes_max);

}  // namespace lifeboat
