#include "crypto/aes_cfb.h"

#include <openssl/evp.h>

#include <climits>
#include <memory>

#include "base/error.h"

namespace lifeboat {
namespace {

constexpr size_t key_bytes = 32;

void transform(ByteView key, ByteView iv, ByteView input, ByteSpan output, int encrypt) {
  ensure(key.size() == key_bytes && iv.size() == aes_block_bytes, "AES-256 has keys of 32 bytes");
  ensure(input.size() < INT_MAX / 2 && output.size() == input.size(), "a CFB text is small");
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context(
      EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  int made = 0;
  const bool done =
      context &&
      EVP_CipherInit_ex(context.get(), EVP_aes_256_cfb128(), nullptr, as_uchar(key), as_uchar(iv),
                        encrypt) == 1 &&
      (input.empty() || EVP_CipherUpdate(context.get(), as_uchar(output), &made, as_uchar(input),
                                         static_cast<int>(input.size())) == 1);
  if (!done || static_cast<size_t>(made) != input.size()) {
    throw Error(ErrorKind::crypto, "run AES-256-CFB: OpenSSL refused");
  }
}

}  // namespace

Secret pbkdf2_sha256(ByteView passphrase, ByteView salt, unsigned rounds) {
  ensure(passphrase.size() < INT_MAX && salt.size() < INT_MAX, "a passphrase is small");
  Secret key(key_bytes);
  const int made = PKCS5_PBKDF2_HMAC(
      passphrase.empty() ? "" : as_text(passphrase).data(), static_cast<int>(passphrase.size()),
      as_uchar(salt), static_cast<int>(salt.size()), static_cast<int>(rounds), EVP_sha256(),
      static_cast<int>(key.size()), as_uchar(key.span()));
  if (made != 1) throw Error(ErrorKind::crypto, "derive a key by PBKDF2: OpenSSL refused");
  return key;
}

Secret aes256_cfb_decrypt(ByteView key, ByteView iv, ByteView ciphertext) {
  Secret plaintext(ciphertext.size());
  transform(key, iv, ciphertext, plaintext.span(), 0);
  return plaintext;
}

Bytes aes256_cfb_encrypt(ByteView key, ByteView iv, ByteView plaintext) {
  Bytes ciphertext(plaintext.size());
  transform(key, iv, plaintext, ciphertext, 1);
  return ciphertext;
}

}  // namespace lifeboat
