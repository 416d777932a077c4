#include "io/read_at.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/format.h"
#include "io/source.h"

namespace lifeboat {

size_t read_at(int fd, uint64_t offset, ByteSpan target, const std::string& name, ErrorKind kind) {
  size_t filled = 0;
  while (filled < target.size()) {
    const ByteSpan rest = target.subspan(filled);
    const ssize_t count =
        ::pread(fd, rest.data(), rest.size(), static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) {
      throw system_error(kind, format("read '{}' at {}", name, offset + filled), errno);
    }
    if (count == 0) break;
    filled += static_cast<size_t>(count);
  }
  return filled;
}

std::string read_regular_file(UniqueFd fd, const std::string& name, uint64_t size_max,
                              ErrorKind kind) {
  if (!S_ISREG(stat_fd(fd.get(), name, kind).st_mode)) {
    throw Error(kind, format("read '{}': it is not a regular file", name));
  }
  FdSource source(std::move(fd), name, kind);
  return std::string(as_text(read_all(source, size_max, format("'{}'", name))));
}

}  // namespace lifeboat
