// The 512-byte header block: ustar as we write it; v7, ustar and GNU as we read it.
// Private to this folder. Fields:
// https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html and
// https://www.gnu.org/software/tar/manual/html_node/Standard.html (base-256 numbers, magic).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "codec/tar/tar.h"

namespace lifeboat::tar {

using Block = std::array<std::byte, block_bytes>;

inline constexpr uint64_t size_max = INT64_MAX;  // of one member, as everywhere in the kernel

// Kinds of members, by their letter in the block.
inline constexpr char type_file = '0';
inline constexpr char type_hardlink = '1';
inline constexpr char type_symlink = '2';
inline constexpr char type_directory = '5';
inline constexpr char type_pax = 'x';
inline constexpr char type_pax_global = 'g';
inline constexpr char type_gnu_long_name = 'L';
inline constexpr char type_gnu_long_link = 'K';

// The largest numbers that ustar's octal fields hold.
inline constexpr uint64_t octal_7_max = 07777777;
inline constexpr uint64_t octal_11_max = 077777777777;

// The fields of a block, texts as bytes without their final zeros.
struct Header {
  std::string path;
  std::string link_target;
  std::string user;
  std::string group;
  uint32_t mode = 0;
  uint64_t uid = 0;
  uint64_t gid = 0;
  uint64_t size = 0;
  int64_t mtime = 0;  // seconds
  char type = type_file;
};

// Zeros up to the next block that follow `size` bytes.
inline size_t padding(uint64_t size) {
  return static_cast<size_t>((block_bytes - size % block_bytes) % block_bytes);
}

// True if ustar's name and prefix fields can hold `path`.
bool fits_ustar(std::string_view path);
// What does not fit is cut or left zero: a pax header in front then says it.
Block encode_header(const Header& header);
// Throws Error(verification) on a bad checksum or a number that is none.
Header decode_header(const Block& block);
bool is_zero(const Block& block);

[[noreturn]] void refuse(const std::string& why);

}  // namespace lifeboat::tar
