// Paths below folders that others write: opened so that no symbolic link leads elsewhere.
//
// A backup runs as root and reads what a service's own user, or a container, can change at any
// moment. A check before the open would be raced; so each folder on the way is opened by itself
// with O_NOFOLLOW. Not openat2(2) with RESOLVE_NO_SYMLINKS: a backup needs no newer kernel than
// its host has. What is no file and no folder (a FIFO put in a file's place) is never waited for.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>

#include "base/error.h"
#include "io/fd.h"

namespace lifeboat {

// open(2) of `path`, no part of which may be a symbolic link: then, and where open(2) fails, the
// result is empty and errno set (ELOOP, ENOTDIR). `mode` is for O_CREAT. O_CLOEXEC is added.
UniqueFd open_without_links(const std::filesystem::path& path, int flags, mode_t mode = 0) noexcept;

// The content of a regular file. Throws Error(kind) if a part of `path` is a symbolic link, if it
// is no regular file, or beyond `size_max` bytes.
std::string read_file_without_links(const std::filesystem::path& path, uint64_t size_max,
                                    ErrorKind kind = ErrorKind::service);

// `path` as an absolute path without symbolic links, for the two above. Links that root or our own
// user made are followed: /data may well be one. Another user's is Error(kind) with a hint. What
// does not exist stays as it is named.
std::filesystem::path trusted_path(const std::filesystem::path& path,
                                   ErrorKind kind = ErrorKind::service);

}  // namespace lifeboat
