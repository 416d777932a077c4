#include "recipe/sqlite/wal_reader.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace lifeboat {
namespace {

constexpr uint32_t magic_little = 0x377f0682;  // checksums over little-endian words
constexpr uint32_t magic_big = 0x377f0683;
constexpr uint32_t format_version = 3007000;
constexpr uint64_t read_bytes = 1 << 20;

uint32_t big_endian(ByteView bytes) {
  return std::to_integer<uint32_t>(bytes[0]) << 24 | std::to_integer<uint32_t>(bytes[1]) << 16 |
         std::to_integer<uint32_t>(bytes[2]) << 8 | std::to_integer<uint32_t>(bytes[3]);
}

uint32_t little_endian(ByteView bytes) {
  return std::to_integer<uint32_t>(bytes[3]) << 24 | std::to_integer<uint32_t>(bytes[2]) << 16 |
         std::to_integer<uint32_t>(bytes[1]) << 8 | std::to_integer<uint32_t>(bytes[0]);
}

struct Checksum {
  bool words_are_big_endian = false;
  std::array<uint32_t, 2> sums{};

  // `bytes` must be a multiple of 8 long.
  void update(ByteView bytes) {
    for (size_t at = 0; at < bytes.size(); at += 8) {
      sums[0] += word(bytes.subspan(at, 4)) + sums[1];
      sums[1] += word(bytes.subspan(at + 4, 4)) + sums[0];
    }
  }
  uint32_t word(ByteView bytes) const {
    return words_are_big_endian ? big_endian(bytes) : little_endian(bytes);
  }
  bool matches(ByteView stored) const {
    return big_endian(stored) == sums[0] && big_endian(stored.subspan(4)) == sums[1];
  }
};

bool is_page_size(uint32_t size) {
  return size >= 512 && size <= 65536 && (size & (size - 1)) == 0;
}

// Keeps the newest frame of each page.
void settle(std::vector<WalPage>& pages) {
  std::sort(pages.begin(), pages.end(), [](const WalPage& left, const WalPage& right) {
    return left.page != right.page ? left.page < right.page : left.frame > right.frame;
  });
  const auto same_page = [](const WalPage& left, const WalPage& right) {
    return left.page == right.page;
  };
  pages.erase(std::unique(pages.begin(), pages.end(), same_page), pages.end());
}

// Checks frame `number` and takes it into the table. False: the log ends before it.
bool take_frame(ByteView frame, uint32_t number, Checksum& checksum, WalIndex& index) {
  const uint32_t page = big_endian(frame);
  const uint32_t commit_pages = big_endian(frame.subspan(4));
  const bool same_salt =
      std::equal(index.salt.bytes.begin(), index.salt.bytes.end(), frame.subspan(8, 8).begin());
  if (page == 0 || !same_salt) return false;
  checksum.update(frame.first(8));
  checksum.update(frame.subspan(wal_frame_header_bytes));
  if (!checksum.matches(frame.subspan(16))) return false;
  index.pages.push_back({page, number});
  if (commit_pages != 0) {
    index.frame_count = number;
    index.database_pages = commit_pages;
    index.checksum = checksum.sums;
  }
  return true;
}

}  // namespace

std::optional<uint32_t> WalIndex::find(uint32_t page) const {
  const auto found =
      std::lower_bound(pages.begin(), pages.end(), page,
                       [](const WalPage& entry, uint32_t wanted) { return entry.page < wanted; });
  if (found == pages.end() || found->page != page) return std::nullopt;
  return found->frame;
}

WalIndex read_wal(RandomAccess& wal, uint64_t frame_max) {
  WalIndex index;
  const uint64_t total = wal.size();
  if (total < wal_header_bytes) return index;
  Bytes block(wal_header_bytes);
  wal.read_at(0, block);
  const ByteView header(block);
  const uint32_t magic = big_endian(header);
  index.page_size = big_endian(header.subspan(8));
  Checksum checksum{magic == magic_big};
  checksum.update(header.first(24));
  const bool good = (magic == magic_little || magic == magic_big) &&
                    big_endian(header.subspan(4)) == format_version &&
                    is_page_size(index.page_size) && checksum.matches(header.subspan(24));
  if (!good)
    throw Error(ErrorKind::service, "read a SQLite write-ahead log: its header is damaged");
  std::copy_n(header.begin() + 16, 8, index.salt.bytes.begin());

  const uint64_t frame_bytes = wal_frame_header_bytes + index.page_size;
  const uint64_t frames =
      std::min({(total - wal_header_bytes) / frame_bytes, frame_max, uint64_t{UINT32_MAX}});
  const uint64_t frames_a_read = std::max<uint64_t>(1, read_bytes / frame_bytes);
  bool more = true;
  for (uint64_t done = 0; more && done < frames; done += frames_a_read) {
    const uint64_t count = std::min(frames_a_read, frames - done);
    block.resize(count * frame_bytes);
    wal.read_at(wal_header_bytes + done * frame_bytes, block);
    for (uint64_t at = 0; more && at < count; ++at) {
      more = take_frame(ByteView(block).subspan(at * frame_bytes, frame_bytes),
                        static_cast<uint32_t>(done + at + 1), checksum, index);
    }
  }
  // What follows the last commit was never committed.
  std::erase_if(index.pages,
                [&index](const WalPage& entry) { return entry.frame > index.frame_count; });
  settle(index.pages);
  return index;
}

}  // namespace lifeboat
