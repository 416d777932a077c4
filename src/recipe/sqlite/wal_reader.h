// The write-ahead log of a SQLite database, read as SQLite's own recovery reads it.
//
// Pure: bytes in, a table out. A log is a header and frames of one page each; every frame carries
// the header's salts and a checksum over everything before it, so that what a later generation
// left behind, or a crash cut short, ends the log. Only frames up to a commit count.
// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "io/source.h"

namespace lifeboat {

inline constexpr uint64_t wal_header_bytes = 32;
inline constexpr uint64_t wal_frame_header_bytes = 24;

struct WalSalt {
  std::array<std::byte, 8> bytes{};
  friend bool operator==(const WalSalt&, const WalSalt&) = default;
};

// One page that the log holds, in its newest committed form.
struct WalPage {
  uint32_t page = 0;   // from 1, as SQLite counts
  uint32_t frame = 0;  // from 1
  friend bool operator==(const WalPage&, const WalPage&) = default;
};

struct WalIndex {
  uint32_t page_size = 0;  // 512 to 65536
  WalSalt salt;
  uint32_t frame_count = 0;            // up to the last commit; 0: nothing was committed
  uint32_t database_pages = 0;         // size of the database after that commit
  std::array<uint32_t, 2> checksum{};  // of everything up to that commit
  std::vector<WalPage> pages;          // ascending by page, each once

  // The frame that holds `page`, if the log does.
  std::optional<uint32_t> find(uint32_t page) const;
  uint64_t frame_offset(uint32_t frame) const {
    return wal_header_bytes + (frame - uint64_t{1}) * (wal_frame_header_bytes + page_size);
  }
};

// Reads at most `frame_max` frames. An empty log gives an empty table; a log whose header is not
// one throws Error(service). Memory: 8 bytes a frame.
WalIndex read_wal(RandomAccess& wal, uint64_t frame_max = UINT32_MAX);

}  // namespace lifeboat
