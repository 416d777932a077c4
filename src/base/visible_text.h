// Foreign text on its way to a person: nothing of it may steer a terminal or turn the reading
// order.
#pragma once

#include <string>
#include <string_view>

namespace lifeboat {

// Control characters and bytes that are no UTF-8 as "\x1b". What stored formats are made with
// (names in the index, texts in a manifest), so it must never change; people are shown
// `printable` (base/text.h), which escapes more.
std::string escape_controls(std::string_view text);

// Bytes of a character at the start of `text` that turns the reading order, breaks lines or is not
// seen: U+061C, U+200E, U+200F, U+2028 to U+202E, U+2066 to U+2069, U+FEFF. 0 for another.
size_t steering_length(std::string_view text);

// The last net before a terminal: line feeds, tabs and colours pass, every other control or
// steering character becomes "\u202e", and a byte that is no UTF-8 "\xff". JSON stays the same
// JSON.
std::string terminal_text(std::string_view text);

}  // namespace lifeboat
