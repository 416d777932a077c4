// The payload of an age file: https://c2sp.org/age#payload
//
// Chunks of 64 KiB, each sealed with a nonce made of its number and of whether it is the last one.
#pragma once

#include <cstdint>

#include "base/error.h"
#include "codec/age/age.h"
#include "codec/age/input.h"
#include "crypto/chacha20_poly1305.h"

namespace lifeboat::age {

inline constexpr size_t payload_nonce_bytes = 16;
inline constexpr size_t sealed_chunk_bytes = chunk_bytes + tag_bytes;

enum class ChunkKind : uint8_t { inner = 0, last = 1 };

// Seals and opens single chunks, in any order. The caller never seals one number twice.
class ChunkCipher {
 public:
  ChunkCipher(const Secret& file_key, ByteView payload_nonce);

  // In place: `chunk` ends with room for the tag.
  void seal(uint64_t number, ChunkKind kind, ByteSpan chunk);
  [[nodiscard]] bool open(uint64_t number, ChunkKind kind, ByteView sealed, ByteSpan plain);

 private:
  ChaCha20Poly1305 aead_;
};

// Reads a header and the payload's nonce and gives the payload's cipher; `input` is left at the
// first chunk.
ChunkCipher begin_decryption(Input& input, std::span<const Identity> identities);

// An Error(crypto) "decrypt age payload: <why>".
Error payload_fault(std::string_view why);

}  // namespace lifeboat::age
