// How long a scheduled run may be late before that means something: a nightly is stale after 26 h.
#pragma once

#include <chrono>

namespace lifeboat {

inline constexpr std::chrono::hours schedule_grace{2};

}  // namespace lifeboat
