// A restore for a moment, of a snapshot that is to be looked at.
#pragma once

#include "engine/restore.h"

namespace lifeboat {

// As restore_snapshot(), but the target need not survive a power cut: the caller removes it again.
// Files that were never sent to the disk are removed many times faster than those that were.
RestoreResult restore_to_scratch(const RestoreRequest& request, Environment& environment);

}  // namespace lifeboat
