// Unit files as systemd reads them: sections of keys, lines that go on, drop-ins.
// https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace lifeboat {

struct UnitEntry {
  std::string section;
  std::string key;
  std::string value;
  size_t line = 0;  // from 1; 0 in a drop-in
};

// What is no entry is left out.
std::vector<UnitEntry> parse_unit(std::string_view text);

// The values of a key, in order; an empty one takes back those before it.
std::vector<UnitEntry> unit_values(const std::vector<UnitEntry>& unit, std::string_view section,
                                   std::string_view key);
// The last one, or empty.
std::string unit_value(const std::vector<UnitEntry>& unit, std::string_view section,
                       std::string_view key);

}  // namespace lifeboat
