#include "snapshot/tar_ranges.h"

#include <algorithm>

#include "codec/age/ranges.h"
#include "snapshot/archive_check.h"

namespace lifeboat {
namespace {

// One ranged read of this much plaintext at most: bounds memory, and few requests for a big member.
constexpr size_t range_bytes = 4 * 1024 * 1024;

// A stretch of a random access file as a stream.
class StretchSource final : public Source {
 public:
  StretchSource(RandomAccess& access, uint64_t begin, uint64_t end)
      : access_(access), position_(begin), end_(end) {}
  size_t read(ByteSpan target) override {
    const auto count =
        static_cast<size_t>(std::min<uint64_t>({target.size(), end_ - position_, range_bytes}));
    if (count > 0) access_.read_at(position_, target.first(count));
    position_ += count;
    return count;
  }

 private:
  RandomAccess& access_;
  uint64_t position_;
  uint64_t end_;
};

std::vector<zstd::Frame> frames_of(const IndexTail& tail) {
  std::vector<zstd::Frame> frames;
  for (const IndexFrame& frame : tail.frames) {
    frames.push_back({.raw_size = frame.raw_size, .stored_size = frame.stored_size});
  }
  return frames;
}

}  // namespace

void StoredArchive::read_at(uint64_t offset, ByteSpan target) {
  try {
    object_.read_at(offset, target);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::store) throw;
    const auto info = store_.stat(manifest_.archive_key);
    if (info && info->size != size()) {
      check_summary("the archive", {info->size, ""}, manifest_.archive);
    }
    throw;
  }
}

TarRanges::TarRanges(Store& store, const Manifest& manifest,
                     std::span<const age::Identity> identities, const IndexTail* tail)
    : stored_(store, manifest) {
  with_key_known_good([&] {
    if (tail != nullptr) {
      plaintext_ = age::open_ranges(stored_, identities);
      raw_.emplace(*plaintext_, frames_of(*tail));
    } else {
      plaintext_ = std::make_unique<age::DecryptAccess>(stored_, identities);
      raw_.emplace(*plaintext_);
    }
  });
}

void TarRanges::read_member(const IndexMember& member, const MemberVisitor& visit) {
  if (member.end < member.offset || member.end > raw_->size()) {
    throw damaged("member " + member_name(member.meta), "the archive ends before it");
  }
  with_key_known_good([&] {
    StretchSource stretch(*raw_, member.offset, member.end);
    tar::Reader reader = tar::Reader::for_member(stretch);
    const auto entry = reader.next();
    if (!entry) throw damaged("member " + member_name(member.meta), "the archive lacks it");
    check_entry(*entry, member, member.offset);
    visit_member(reader, *entry, member, visit);
  });
}

}  // namespace lifeboat
