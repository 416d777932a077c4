// Reading Facts.details, which come out of an archive that anybody who knows the public key could
// have made: types and paths are checked before they are used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace lifeboat {

// A member of `details`, or `fallback` where there is none. Throw Error(verification) if it has
// another type.
std::string detail_text(const Json& details, std::string_view name, std::string_view fallback = "");
uint64_t detail_number(const Json& details, std::string_view name, uint64_t fallback = 0);
std::vector<std::string> detail_list(const Json& details, std::string_view name);
// The object called `name`, an empty one where there is none.
Json detail_object(const Json& details, std::string_view name);

// True for a relative path that stays inside its folder: no empty part, no "." and no "..".
bool is_inner_path(std::string_view path);

}  // namespace lifeboat
