// Reading from a descriptor to the end of what was asked for, whatever single calls give.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/error.h"
#include "io/fd.h"

namespace lifeboat {

// Fills `target` from `offset` on, wherever the descriptor stands; fewer bytes only at the file's
// end. Throws Error(kind) naming `name`.
size_t read_at(int fd, uint64_t offset, ByteSpan target, const std::string& name, ErrorKind kind);

// The whole content. Throws Error(kind) if it is no regular file, or beyond `size_max` bytes. `fd`
// was opened with O_NONBLOCK: a FIFO in a file's place would be waited for without end.
std::string read_regular_file(UniqueFd fd, const std::string& name, uint64_t size_max,
                              ErrorKind kind);

}  // namespace lifeboat
