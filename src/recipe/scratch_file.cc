#include "recipe/scratch_file.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "base/format.h"
#include "io/own_directory.h"
#include "io/read_at.h"

namespace lifeboat {
namespace {

constexpr size_t block_bytes = 1 << 20;

}  // namespace

ScratchFile::ScratchFile(const std::filesystem::path& directory, Random& random)
    : name_(format("scratch file in {} (spool_dir)", directory.native())),
      fd_(open_spool_file(directory)),
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
  if (lifeboat::read_at(fd_.get(), offset, target, name_, ErrorKind::limit) < target.size()) {
    throw Error(ErrorKind::limit, format("read '{}': it ends early", name_));
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
