#include "recipe/volume/live_file.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/read_at.h"

namespace lifeboat {
namespace {

constexpr uint64_t costly_bytes_min = 256 * 1024 * 1024;
constexpr int rereads_max = 3;
constexpr std::string_view sqlite_magic{"SQLite format 3\0", 16};

bool looks_same(const struct stat& before, const struct stat& after) {
  const auto equal = [](const timespec& left, const timespec& right) {
    return left.tv_sec == right.tv_sec && left.tv_nsec == right.tv_nsec;
  };
  return before.st_size == after.st_size && equal(before.st_mtim, after.st_mtim) &&
         equal(before.st_ctim, after.st_ctim);
}

size_t read_at(const LiveFile& file, uint64_t offset, ByteSpan target) {
  for (;;) {
    const ssize_t got =
        ::pread(file.fd.get(), target.data(), target.size(), static_cast<off_t>(offset));
    if (got >= 0) return static_cast<size_t>(got);
    if (errno != EINTR) fail_unreadable(file.path, errno);
  }
}

}  // namespace

void Feedback::file_changed(const LiveFile& file) {
  const bool is_costly = static_cast<uint64_t>(file.before.st_size) >= costly_bytes_min;
  if (file.reads <= (is_costly ? 1 : rereads_max)) {
    changed.push_back({file.relative, file.reads});
  } else {
    notes.add(format("'{}' kept changing while it was read", printable(file.relative)));
  }
}

Bytes read_settled(LiveFile& file, uint64_t size_max, bool& is_settled) {
  Bytes content;
  is_settled = false;
  for (int read = 0; read <= rereads_max && !is_settled; ++read) {
    const auto size = static_cast<uint64_t>(file.before.st_size);
    if (size > size_max) break;
    // One byte more than is there, so that the read sees the end and not just its share.
    content.resize(static_cast<size_t>(size) + 1);
    size_t filled = 0;
    while (filled < content.size()) {
      const size_t got = read_at(file, filled, ByteSpan(content).subspan(filled));
      if (got == 0) break;
      filled += got;
    }
    content.resize(filled);
    const struct stat after = stat_fd(file.fd.get(), file.path.native());
    is_settled = looks_same(file.before, after);
    file.before = after;
  }
  return content;
}

bool begins_as_sqlite(int fd) {
  std::array<char, sqlite_magic.size()> start{};
  // To its end: taken for a plain file, a live database would be copied in pieces of many moments.
  const size_t got = lifeboat::read_at(fd, 0, std::as_writable_bytes(std::span(start)),
                                       "the beginning of a file", ErrorKind::service);
  return std::string_view(start.data(), got) == sqlite_magic;
}

size_t LargeFileSource::read(ByteSpan target) {
  if (current_ == extents_.size()) {
    look_again();
    return 0;
  }
  const Extent& extent = extents_[current_];
  const auto ask = static_cast<size_t>(std::min<uint64_t>(target.size(), extent.size - done_));
  const size_t got = read_at(file_, extent.offset + done_, target.first(ask));
  done_ += got;
  if (got == 0) current_ = extents_.size();  // cut short since: what follows is gone
  if (got != 0 && done_ == extent.size) {
    ++current_;
    done_ = 0;
  }
  // Already behind the last byte, and not only at the read that returns 0: who knows the size may
  // never make that one.
  if (current_ == extents_.size()) look_again();
  return got;
}

void LargeFileSource::look_again() {
  if (std::exchange(has_looked_, true)) return;
  const struct stat after = stat_fd(file_.fd.get(), file_.path.native());
  if (!looks_same(file_.before, after)) feedback_->file_changed(file_);
}

}  // namespace lifeboat
