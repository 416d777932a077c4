#include "codec/tar/sparse.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "codec/tar/header.h"
#include "codec/tar/pax.h"

namespace lifeboat::tar {
namespace {

// Decimal lines out of whole blocks.
class MapReader {
 public:
  MapReader(Source& content, uint64_t& left) : content_(content), left_(left) {}

  uint64_t number() {
    std::string line;
    for (char c = next(); c != '\n'; c = next()) {
      line += c;
      if (line.size() > 20) refuse("a sparse map's line is too long");
    }
    return parse_decimal(line, "sparse map entry");
  }

 private:
  char next() {
    if (used_ == block_.size()) {
      if (left_ < block_.size() || read_full(content_, block_) < block_.size()) {
        refuse("a sparse map is cut off");
      }
      left_ -= block_.size();
      used_ = 0;
    }
    return static_cast<char>(block_[used_++]);
  }

  Source& content_;
  uint64_t& left_;
  Block block_{};
  size_t used_ = block_bytes;
};

}  // namespace

bool extents_fit(const std::vector<Extent>& extents, uint64_t apparent_size) {
  uint64_t end = 0;
  for (const Extent& extent : extents) {
    if (extent.offset < end || extent.offset > apparent_size ||
        extent.size > apparent_size - extent.offset) {
      return false;
    }
    end = extent.offset + extent.size;
  }
  return true;
}

void check_extents(const std::vector<Extent>& extents, uint64_t apparent_size) {
  if (!extents_fit(extents, apparent_size)) {
    refuse("the data runs of a sparse file overlap, or exceed it");
  }
}

std::string encode_map(const std::vector<Extent>& extents, uint64_t apparent_size) {
  const uint64_t end = extents.empty() ? 0 : extents.back().offset + extents.back().size;
  // GNU tar sets the file's size by a last, empty run when the file ends in a hole.
  const bool has_end_mark = extents.empty() || end < apparent_size;
  std::string map = format("{}\n", extents.size() + (has_end_mark ? 1 : 0));
  for (const Extent& extent : extents) map += format("{}\n{}\n", extent.offset, extent.size);
  if (has_end_mark) map += format("{}\n0\n", apparent_size);
  map.resize(map.size() + padding(map.size()));
  return map;
}

std::vector<Extent> decode_map(Source& content, uint64_t& left, uint64_t apparent_size) {
  MapReader map(content, left);
  const uint64_t count = map.number();
  if (count > extents_max + 1) refuse(format("a sparse map of {} entries is too long", count));
  std::vector<Extent> extents;
  uint64_t stored = 0;
  for (uint64_t i = 0; i < count; ++i) {
    Extent extent;
    extent.offset = map.number();
    extent.size = map.number();
    extents.push_back(extent);
    stored += extent.size;  // no overflow: both are below 2^63
    if (stored > left) refuse("a sparse map promises more than is stored");
  }
  check_extents(extents, apparent_size);
  if (stored != left) refuse("a sparse map does not account for all that is stored");
  std::erase_if(extents, [](const Extent& extent) { return extent.size == 0; });
  return extents;
}

SparseSource::SparseSource(Source& stored, const FileMeta& meta, uint64_t apparent_size)
    : stored_(stored), extents_(meta.extents), apparent_size_(apparent_size) {
  check_extents(extents_, apparent_size_);
}

size_t SparseSource::read(ByteSpan target) {
  while (extent_ < extents_.size() &&
         position_ >= extents_[extent_].offset + extents_[extent_].size) {
    ++extent_;
  }
  const bool has_extent = extent_ < extents_.size();
  const bool in_hole = !has_extent || position_ < extents_[extent_].offset;
  const uint64_t run_end = !has_extent ? apparent_size_
                           : in_hole   ? extents_[extent_].offset
                                       : extents_[extent_].offset + extents_[extent_].size;
  size_t count = static_cast<size_t>(std::min<uint64_t>(target.size(), run_end - position_));
  if (count == 0) return 0;
  if (in_hole) {
    std::fill_n(target.begin(), count, std::byte{0});
  } else {
    count = stored_.read(target.first(count));
    if (count == 0) refuse("a sparse file's data is cut off");
  }
  position_ += count;
  return count;
}

}  // namespace lifeboat::tar
