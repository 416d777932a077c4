// What the zstd stages share: contexts with owners, errors with words, and the constants of the
// seek table. Private to this folder.
#pragma once

#include <zstd.h>
#include <zstd_errors.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/error.h"
#include "base/format.h"

namespace lifeboat::zstd {

// https://github.com/facebook/zstd/blob/dev/contrib/seekable_format/zstd_seekable_compression_format.md
inline constexpr uint32_t skippable_magic = 0x184D2A5E;
inline constexpr uint32_t seekable_magic = 0x8F92EAB1;
inline constexpr std::byte checksum_flag{0x80};  // of the seek table's descriptor
inline constexpr size_t skippable_header_bytes = 8;
inline constexpr size_t seek_entry_bytes = 12;  // stored size, raw size, checksum
inline constexpr size_t seek_footer_bytes = 9;  // count, descriptor, magic
// RFC 8878, section 3.1.1.1.1
inline constexpr size_t frame_descriptor_at = 4;
inline constexpr std::byte frame_checksum_flag{0x04};
inline constexpr size_t frames_max = 0x8000000;
inline constexpr size_t frame_bytes_max = 64 * 1024 * 1024;  // of content, that we write or read
inline constexpr int window_log_max = 27;

inline void put_u32(std::byte* target, uint32_t value) {
  for (int i = 0; i < 4; ++i) target[i] = static_cast<std::byte>(value >> (8 * i));
}
inline uint32_t get_u32(const std::byte* source) {
  uint32_t value = 0;
  for (int i = 0; i < 4; ++i) value |= std::to_integer<uint32_t>(source[i]) << (8 * i);
  return value;
}

struct ContextDeleter {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};
using CompressContext = std::unique_ptr<ZSTD_CCtx, ContextDeleter>;
using DecompressContext = std::unique_ptr<ZSTD_DCtx, ContextDeleter>;

// Passes a zstd result on, or throws: Error(limit) when memory is short, else Error(kind).
inline size_t check(size_t result, ErrorKind kind, std::string_view attempted) {
  if (ZSTD_isError(result) == 0) return result;
  const auto code = ZSTD_getErrorCode(result);
  if (code == ZSTD_error_memory_allocation) kind = ErrorKind::limit;
  Error error(kind, format("{}: {}", attempted, ZSTD_getErrorName(result)));
  if (code == ZSTD_error_frameParameter_windowTooLarge) {
    error.add_hint("It was compressed with --long beyond 27; decompress it with the zstd tool.");
  }
  throw error;
}

// Content checksums on.
inline CompressContext make_compress_context(int level) {
  CompressContext context(ZSTD_createCCtx());
  if (!context) throw Error(ErrorKind::limit, "make a zstd context: out of memory");
  const auto set = [&](ZSTD_cParameter parameter, int value) {
    check(ZSTD_CCtx_setParameter(context.get(), parameter, value), ErrorKind::limit,
          "set up zstd compression");
  };
  set(ZSTD_c_compressionLevel, level);
  set(ZSTD_c_checksumFlag, 1);
  return context;
}

inline DecompressContext make_decompress_context() {
  DecompressContext context(ZSTD_createDCtx());
  if (!context) throw Error(ErrorKind::limit, "make a zstd context: out of memory");
  check(ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, window_log_max),
        ErrorKind::limit, "set up zstd decompression");
  return context;
}

}  // namespace lifeboat::zstd
