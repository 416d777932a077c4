// One run of a single-stream job: one service's members as one compressed, encrypted SQL script.
#pragma once

#include "engine/backup.h"

namespace lifeboat {

// As run_backup, for a request with `is_single_stream`: one service, whose recipe makes one script
// (OneScriptRecipe), else Error(config). If the service fails its Error is thrown, and
// nothing is in the store. No monthly copy is made.
BackupResult run_stream_backup(const BackupRequest& request, Environment& environment);

}  // namespace lifeboat
