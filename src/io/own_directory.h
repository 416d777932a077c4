// Folders of the run's own: state, spool, the parent of scratch.
//
// They may be configured below /tmp or /var/tmp, where anybody can be there first. Who owns such a
// folder, or may write to it, exchanges what a run put there: a state that lies, a scratch folder
// whose plaintext they read. Refused, and not made safe: to change the mode or owner of a folder
// that somebody shares on purpose is not ours.
#pragma once

#include <filesystem>

#include "base/error.h"
#include "io/fd.h"

namespace lifeboat {

// Makes the folder (mode 0700) unless it exists. Throws Error(kind) with a hint if a folder that
// exists, or a link on the way to it, is neither root's nor ours, or if others may write to it and
// it is not sticky; only root mounts, so a mount point may be anybody's. Folders above it are
// `check`'s affair, which warns.
void make_own_directory(const std::filesystem::path& path, ErrorKind kind);
// The same for one that must exist already.
void ensure_own_directory(const std::filesystem::path& path, ErrorKind kind);

// A file without a name in the spool folder, which is made as above: Error(limit). What lies there
// is encrypted, and where there is no O_TMPFILE it has a name for a moment; the rule is one for all
// folders of a run.
UniqueFd open_spool_file(const std::filesystem::path& folder);

}  // namespace lifeboat
