#include "scheduler/unit_file.h"

#include "base/text.h"

namespace lifeboat {

std::vector<UnitEntry> parse_unit(std::string_view text) {
  std::vector<UnitEntry> entries;
  std::string section;
  std::string joined;  // lines so far that end with a backslash
  size_t number = 0;
  size_t first = 0;
  for (const std::string& raw : split(text, '\n')) {
    ++number;
    const std::string_view line = trim(raw);
    if (line.starts_with('#') || line.starts_with(';')) continue;
    if (joined.empty()) first = number;
    if (line.ends_with('\\')) {
      joined += std::string(line.substr(0, line.size() - 1)) + " ";
      continue;
    }
    joined += line;
    const size_t equals = joined.find('=');
    if (joined.starts_with('[') && joined.ends_with(']')) {
      section = joined.substr(1, joined.size() - 2);
    } else if (equals != std::string::npos) {
      entries.push_back({section, std::string(trim(joined.substr(0, equals))),
                         std::string(trim(joined.substr(equals + 1))), first});
    }
    joined.clear();
  }
  return entries;
}

std::vector<UnitEntry> unit_values(const std::vector<UnitEntry>& unit, std::string_view section,
                                   std::string_view key) {
  std::vector<UnitEntry> values;
  for (const UnitEntry& entry : unit) {
    if (entry.section != section || entry.key != key) continue;
    if (entry.value.empty()) {
      values.clear();
    } else {
      values.push_back(entry);
    }
  }
  return values;
}

std::string unit_value(const std::vector<UnitEntry>& unit, std::string_view section,
                       std::string_view key) {
  const std::vector<UnitEntry> values = unit_values(unit, section, key);
  return values.empty() ? "" : values.back().value;
}

}  // namespace lifeboat
