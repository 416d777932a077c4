#include "codec/age/stream.h"

#include "base/format.h"
#include "codec/age/header.h"
#include "codec/age/wrap.h"

namespace lifeboat::age {

namespace {

ChaCha20Poly1305::Nonce chunk_nonce(uint64_t number, ChunkKind kind) {
  // Eleven bytes of big-endian counter, of which eight are enough, and one of kind.
  ChaCha20Poly1305::Nonce nonce{};
  for (size_t i = 0; i < sizeof number; ++i) {
    nonce[10 - i] = static_cast<std::byte>(number >> (8 * i) & 255);
  }
  nonce[11] = static_cast<std::byte>(kind);
  return nonce;
}

}  // namespace

ChunkCipher::ChunkCipher(const Secret& file_key, ByteView payload_nonce)
    : aead_(hkdf_sha256(file_key.view(), payload_nonce, "payload").view()) {}

void ChunkCipher::seal(uint64_t number, ChunkKind kind, ByteSpan chunk) {
  aead_.seal(chunk_nonce(number, kind), chunk);
}

bool ChunkCipher::open(uint64_t number, ChunkKind kind, ByteView sealed, ByteSpan plain) {
  return aead_.open(chunk_nonce(number, kind), sealed, plain);
}

ChunkCipher begin_decryption(Input& input, std::span<const Identity> identities) {
  const Header header = read_header(input);
  const Secret file_key = unwrap(header, identities);
  std::array<std::byte, payload_nonce_bytes> nonce;
  if (read_full(input, nonce) < nonce.size()) {
    throw header_fault("the file ends inside the nonce of the payload");
  }
  return ChunkCipher(file_key, nonce);
}

Error payload_fault(std::string_view why) {
  return Error(ErrorKind::crypto, format("decrypt age payload: {}", why));
}

}  // namespace lifeboat::age
