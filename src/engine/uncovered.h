// What a nightly run tells of volumes that nobody protects: each new one by its name, once; the
// ones that are known already as a count, so that a decision somebody put off stays visible and the
// message does not become noise.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "engine/discover.h"

namespace lifeboat {

// Compares the uncovered volumes with those that `state_dir` remembers (uncovered.json), and
// remembers the ones there are now. A memory that cannot be read is begun anew, and said.
std::vector<std::string> tell_uncovered(const Discovery& discovery,
                                        const std::filesystem::path& state_dir, Clock& clock,
                                        Random& random);

}  // namespace lifeboat
