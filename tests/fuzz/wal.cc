// The write-ahead log: the same table as a slow and plain reading of the format gives.
// https://www.sqlite.org/fileformat2.html#the_write_ahead_log
#include <cstring>
#include <map>

#include "base/format.h"
#include "fuzz/fuzz.h"
#include "recipe/sqlite/wal_reader.h"

using namespace lifeboat;

namespace {

uint32_t big_endian(std::string_view bytes, size_t at) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

void put_big_endian(std::string& bytes, size_t at, uint32_t value) {
  for (size_t i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (24 - 8 * i));
}

struct Sums {
  bool is_big;
  uint32_t first = 0;
  uint32_t second = 0;

  void add(std::string_view bytes) {
    for (size_t at = 0; at + 8 <= bytes.size(); at += 8) {
      first += word(bytes, at) + second;
      second += word(bytes, at + 4) + first;
    }
  }
  uint32_t word(std::string_view bytes, size_t at) const {
    const uint32_t value = big_endian(bytes, at);
    return is_big ? value : __builtin_bswap32(value);
  }
};

uint32_t page_size_of(std::string_view wal) {
  return wal.size() < wal_header_bytes ? 0 : big_endian(wal, 8);
}

std::string print(const WalIndex& index) {
  std::string text = format("{} frames, {} pages:", index.frame_count, index.database_pages);
  for (const WalPage& page : index.pages) text += format(" {}@{}", page.page, page.frame);
  return text;
}

std::string plain_reading(std::string_view wal) {
  const uint32_t page_size = page_size_of(wal);
  Sums sums{(static_cast<unsigned char>(wal[3]) & 1) != 0};
  sums.add(wal.substr(0, 24));
  WalIndex index;
  std::map<uint32_t, uint32_t> pending;
  std::map<uint32_t, uint32_t> committed;
  uint32_t number = 0;
  for (size_t at = 32; at + 24 + page_size <= wal.size(); at += 24 + page_size) {
    const std::string_view frame = wal.substr(at, 24 + page_size);
    sums.add(frame.substr(0, 8));
    sums.add(frame.substr(24));
    if (big_endian(frame, 0) == 0 || frame.substr(8, 8) != wal.substr(16, 8) ||
        big_endian(frame, 16) != sums.first || big_endian(frame, 20) != sums.second) {
      break;
    }
    pending[big_endian(frame, 0)] = ++number;
    if (const uint32_t pages = big_endian(frame, 4); pages != 0) {
      for (const auto& [page, of_frame] : pending) committed[page] = of_frame;
      pending.clear();
      index.frame_count = number;
      index.database_pages = pages;
    }
  }
  for (const auto& [page, frame] : committed) index.pages.push_back({page, frame});
  return print(index);
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view wal = fuzz::text_of(data, size);
  MemoryAccess access(to_bytes(wal));
  const std::string read = fuzz::outcome([&] { return print(read_wal(access)); });
  if (fuzz::is_taken(read) && size >= wal_header_bytes) {
    fuzz::require(read == "taken: " + plain_reading(wal), "a log holds what a plain reading finds",
                  read + "\n" + plain_reading(wal));
  }
  return 0;
}

// Blind changes, then sums that are right again; mostly up to somewhere.
size_t LLVMFuzzerCustomMutator(uint8_t* data, size_t size, size_t max_size, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, max_size);
  const uint32_t page_size = page_size_of(fuzz::text_of(data, size));
  if (seed % 16 == 0 || page_size < 512 || page_size > 65536) return size;
  std::string wal(fuzz::text_of(data, size));
  Sums sums{(static_cast<unsigned char>(wal[3]) & 1) != 0};
  sums.add(std::string_view(wal).substr(0, 24));
  put_big_endian(wal, 24, sums.first);
  put_big_endian(wal, 28, sums.second);
  for (size_t at = 32, left = seed % 64; left > 0 && at + 24 + page_size <= size; --left) {
    if (seed % 3 != 0) wal.replace(at + 8, 8, wal, 16, 8);
    sums.add(std::string_view(wal).substr(at, 8));
    sums.add(std::string_view(wal).substr(at + 24, page_size));
    put_big_endian(wal, at + 16, sums.first);
    put_big_endian(wal, at + 20, sums.second);
    at += 24 + page_size;
  }
  std::memcpy(data, wal.data(), size);
  return size;
}
