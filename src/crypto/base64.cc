#include "crypto/base64.h"

#include <openssl/evp.h>

#include <climits>

namespace lifeboat {

std::string base64_encode_standard(ByteView bytes) {
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');  // OpenSSL ends it with a zero byte
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()), as_uchar(bytes),
                                     static_cast<int>(bytes.size()));
  text.resize(static_cast<size_t>(length));
  return text;
}

std::optional<Secret> base64_decode_secret(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > INT_MAX / 2) return std::nullopt;
  Secret bytes(text.size() / 4 * 3);
  if (text.empty()) return bytes;
  const int decoded = EVP_DecodeBlock(as_uchar(bytes.span()), as_uchar(as_bytes(text)),
                                      static_cast<int>(text.size()));
  if (decoded < 0 || static_cast<size_t>(decoded) != bytes.size()) return std::nullopt;
  // It takes padding for zero bytes and skips blanks: encoding again shows what was really there.
  const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
  bytes.truncate(bytes.size() - padding);
  if (base64_encode_standard(bytes.view()) != text) return std::nullopt;
  return bytes;
}

}  // namespace lifeboat
