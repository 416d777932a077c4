#include "crypto/openssl_salted.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <climits>
#include <memory>

#include "base/error.h"
#include "crypto/base64.h"

namespace lifeboat {
namespace {

constexpr std::string_view magic = "Salted__";
constexpr size_t salt_bytes = 8;
constexpr size_t header_bytes = magic.size() + salt_bytes;
constexpr size_t block_bytes = 16;

using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

[[noreturn]] void fail(const char* why) {
  throw Error(ErrorKind::crypto, std::string("decrypt a 'Salted__' text: ") + why);
}

// A context ready to encrypt or decrypt under the key that passphrase and salt give.
CipherContext begin(ByteView salt, std::string_view passphrase, int encrypt) {
  Secret key(static_cast<size_t>(EVP_CIPHER_get_key_length(EVP_aes_256_cbc())));
  std::array<std::byte, block_bytes> iv;
  const int derived = EVP_BytesToKey(
      EVP_aes_256_cbc(), EVP_md5(), as_uchar(salt), as_uchar(as_bytes(passphrase)),
      static_cast<int>(passphrase.size()), 1, as_uchar(key.span()), as_uchar(ByteSpan(iv)));
  CipherContext context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  const bool ready = static_cast<size_t>(derived) == key.size() && context &&
                     EVP_CipherInit_ex(context.get(), EVP_aes_256_cbc(), nullptr,
                                       as_uchar(key.view()), as_uchar(ByteView(iv)), encrypt) == 1;
  if (!ready) throw Error(ErrorKind::crypto, "start AES-256-CBC with an MD5 key: OpenSSL refused");
  return context;
}

}  // namespace

Secret openssl_salted_decrypt(std::string_view base64, std::string_view passphrase) {
  const std::optional<Secret> decoded = base64_decode_secret(base64);
  if (!decoded) fail("not canonical base64");
  const ByteView bytes = decoded->view();
  if (bytes.size() < header_bytes || !as_text(bytes).starts_with(magic)) {
    fail("it does not begin with 'Salted__'");
  }
  const ByteView body = bytes.subspan(header_bytes);
  if (body.empty() || body.size() % block_bytes != 0) fail("it is not whole blocks");
  const CipherContext context = begin(bytes.subspan(magic.size(), salt_bytes), passphrase, 0);
  Secret plaintext(body.size() + block_bytes);
  int begun = 0;
  int ended = 0;
  unsigned char* target = as_uchar(plaintext.span());
  const bool opened = EVP_CipherUpdate(context.get(), target, &begun, as_uchar(body),
                                       static_cast<int>(body.size())) == 1 &&
                      EVP_CipherFinal_ex(context.get(), target + begun, &ended) == 1;
  if (!opened) fail("the key does not fit");
  plaintext.truncate(static_cast<size_t>(begun) + static_cast<size_t>(ended));
  return plaintext;
}

std::string openssl_salted_encrypt(ByteView plaintext, std::string_view passphrase,
                                   Random& random) {
  ensure(plaintext.size() < INT_MAX / 2, "a 'Salted__' text is small");
  Bytes bytes(header_bytes + plaintext.size() + block_bytes);
  const ByteSpan salt = ByteSpan(bytes).subspan(magic.size(), salt_bytes);
  std::copy_n(as_bytes(magic).begin(), magic.size(), bytes.begin());
  random.fill(salt);
  const CipherContext context = begin(salt, passphrase, 1);
  int begun = 0;
  int ended = 0;
  unsigned char* target = as_uchar(ByteSpan(bytes)) + header_bytes;
  const bool sealed = EVP_CipherUpdate(context.get(), target, &begun, as_uchar(plaintext),
                                       static_cast<int>(plaintext.size())) == 1 &&
                      EVP_CipherFinal_ex(context.get(), target + begun, &ended) == 1;
  ensure(sealed, "AES-CBC encryption cannot fail");
  bytes.resize(header_bytes + static_cast<size_t>(begun + ended));
  return base64_encode_standard(bytes);
}

}  // namespace lifeboat
