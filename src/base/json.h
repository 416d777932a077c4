// The one place that names the JSON library.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace lifeboat {

// Keeps the order in which members were added, so that what we print is deterministic.
using Json = nlohmann::ordered_json;

// Parses one complete JSON text. Refuses duplicate member names, nesting deeper than 100 and
// anything behind the value. Throws Error(verification), "parse <what>: ...".
Json parse_json(std::string_view text, std::string_view what);

// Prints with two spaces of indentation and a final newline; bytes that are not UTF-8 are replaced.
std::string print_json(const Json& value);
// Prints on one line, without a newline.
std::string print_json_line(const Json& value);

}  // namespace lifeboat
