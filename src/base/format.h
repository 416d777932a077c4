// The one place that names the formatting library: std::format is not in Debian 12's GCC.
#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lifeboat {
using fmt::format;
using fmt::join;
}  // namespace lifeboat
