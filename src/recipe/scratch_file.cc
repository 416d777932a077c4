#include "recipe/scratch_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/format.h"

namespace lifeboat {
namespace {

constexpr size_t block_bytes = 1 << 20;

UniqueFd open_nameless(const std::filesystem::path& directory) {
  UniqueFd fd(::open(directory.c_str(), O_RDWR | O_TMPFILE | O_CLOEXEC, 0600));
  if (fd) return fd;
  if (errno == EOPNOTSUPP || errno == EISDIR) {  // filesystems without O_TMPFILE
    std::string pattern = (directory / "scratch-XXXXXX").native();
    fd = UniqueFd(::mkostemp(pattern.data(), O_CLOEXEC));
    if (fd) {
      ::unlink(pattern.c_str());
      return fd;
    }
  }
  throw system_error(ErrorKind::limit, format("create a scratch file in '{}'", directory.native()),
                     errno);
}

}  // namespace

ScratchFile::ScratchFile(const std::filesystem::path& directory, Random& random)
    : name_(format("scratch file in {}", directory.native())),
      fd_(open_nameless(directory)),
      cipher_(random) {}

void ScratchFile::append(ByteView data) {
  while (!data.empty()) {
    const size_t count = std::min(data.size(), block_bytes);
    if (buffer_.size() < count) buffer_.resize(count);
    const ByteSpan sealed = ByteSpan(buffer_).first(count);
    cipher_.apply(size_, data.first(count), sealed);
    write_fd(fd_.get(), sealed, name_, ErrorKind::limit);
    size_ += count;
    data = data.subspan(count);
  }
}

void ScratchFile::read_at(uint64_t offset, ByteSpan target) {
  ensure(offset <= size_ && target.size() <= size_ - offset, "ScratchFile read beyond its end");
  for (size_t filled = 0; filled < target.size();) {
    const ByteSpan rest = target.subspan(filled);
    const ssize_t count =
        ::pread(fd_.get(), rest.data(), rest.size(), static_cast<off_t>(offset + filled));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw system_error(ErrorKind::limit, format("read '{}'", name_), errno);
    if (count == 0) throw Error(ErrorKind::limit, format("read '{}': it ends early", name_));
    filled += static_cast<size_t>(count);
  }
  cipher_.apply(offset, target, target);
}

size_t AccessSource::read(ByteSpan target) {
  const auto count =
      static_cast<size_t>(std::min<uint64_t>(target.size(), access_->size() - position_));
  if (count == 0) return 0;
  access_->read_at(position_, target.first(count));
  position_ += count;
  return count;
}

}  // namespace lifeboat
