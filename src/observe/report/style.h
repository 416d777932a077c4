#pragma once

#include <string_view>

namespace lifeboat::report {

// The page's only style sheet. What it says of colours holds in light and dark: text has a contrast
// of 4.5 to 1 or more, drawings 3 to 1.
extern const std::string_view style_sheet;

}  // namespace lifeboat::report
