// How far times may be off before that means something.
#pragma once

#include <chrono>

namespace lifeboat {

// A scheduled run may be this late: a nightly is stale after 26 h.
inline constexpr std::chrono::hours schedule_grace{2};
// What is later than now by more comes from a wrong clock, or from somebody who would like to be
// believed until then: it counts as nothing.
inline constexpr std::chrono::hours clock_skew_max{1};

}  // namespace lifeboat
