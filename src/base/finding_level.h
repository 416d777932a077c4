// How bad something is that a check found.
#pragma once

namespace lifeboat {

enum class FindingLevel { ok, warning, error };

}  // namespace lifeboat
