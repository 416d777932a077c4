#include "io/source.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {

size_t MemorySource::read(ByteSpan target) {
  const size_t count = std::min(target.size(), bytes_.size() - position_);
  if (count > 0) std::memcpy(target.data(), bytes_.data() + position_, count);
  position_ += count;
  return count;
}

void MemoryAccess::read_at(uint64_t offset, ByteSpan target) {
  if (offset > bytes_.size() || target.size() > bytes_.size() - offset) {
    throw Error(ErrorKind::verification, format("read {} bytes at {}: only {} bytes are there",
                                                target.size(), offset, bytes_.size()));
  }
  if (!target.empty()) std::memcpy(target.data(), bytes_.data() + offset, target.size());
}

size_t ZeroSource::read(ByteSpan target) {
  const auto count = static_cast<size_t>(std::min<uint64_t>(target.size(), left_));
  std::fill_n(target.begin(), count, std::byte{0});
  left_ -= count;
  return count;
}

size_t read_full(Source& source, ByteSpan target) {
  size_t filled = 0;
  while (filled < target.size()) {
    const size_t count = source.read(target.subspan(filled));
    if (count == 0) break;
    filled += count;
  }
  return filled;
}

Bytes read_all(Source& source, uint64_t size_max, std::string_view what) {
  Bytes all;
  Bytes block(64 * 1024);
  while (const size_t count = source.read(block)) {
    if (all.size() + count > size_max) {
      throw Error(ErrorKind::limit,
                  format("read {}: it is larger than {}", what, print_bytes(size_max)));
    }
    all.insert(all.end(), block.begin(), block.begin() + static_cast<std::ptrdiff_t>(count));
  }
  return all;
}

}  // namespace lifeboat
