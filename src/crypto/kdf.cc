#include "crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>

#include <memory>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {

namespace {

constexpr size_t derived_bytes = 32;

// OpenSSL takes inputs by pointers to non-const and does not write to them.
OSSL_PARAM octets(const char* name, ByteView bytes) {
  static const std::byte nothing{};  // it refuses a null pointer even for an empty value
  const std::byte* data = bytes.empty() ? &nothing : bytes.data();
  return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(data), bytes.size());
}

}  // namespace

HmacSha256 hmac_sha256(ByteView key, ByteView data) {
  HmacSha256 digest;
  unsigned length = 0;
  const unsigned char* made =
      HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), as_uchar(data), data.size(),
           as_uchar(ByteSpan(digest)), &length);
  ensure(made != nullptr && length == digest.size(), "HMAC-SHA-256 cannot fail");
  return digest;
}

Secret hkdf_sha256(ByteView key_material, ByteView salt, std::string_view info) {
  const std::unique_ptr<EVP_KDF, decltype(&EVP_KDF_free)> kdf(
      EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_HKDF, nullptr), &EVP_KDF_free);
  const std::unique_ptr<EVP_KDF_CTX, decltype(&EVP_KDF_CTX_free)> context(
      kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr, &EVP_KDF_CTX_free);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
      octets(OSSL_KDF_PARAM_KEY, key_material), octets(OSSL_KDF_PARAM_SALT, salt),
      octets(OSSL_KDF_PARAM_INFO, as_bytes(info)), OSSL_PARAM_construct_end()};
  Secret derived(derived_bytes);
  if (!context ||
      EVP_KDF_derive(context.get(), as_uchar(derived.span()), derived.size(), parameters) != 1) {
    throw Error(ErrorKind::crypto, "derive a key by HKDF-SHA-256: OpenSSL refused");
  }
  return derived;
}

uint64_t scrypt_memory_bytes(const ScryptCost& cost) {
  // V of N blocks, B of p blocks, and two blocks of scratch, each 128 * r bytes.
  return 128ULL * cost.r * ((uint64_t{1} << cost.log2_n) + cost.p + 2);
}

Secret scrypt(std::string_view passphrase, ByteView salt, const ScryptCost& cost) {
  ensure(cost.log2_n > 0 && cost.log2_n < 48, "scrypt's N is a power of two that memory can hold");
  Secret derived(derived_bytes);
  // OpenSSL refuses more than 32 MiB unless told what is expected.
  const int made = EVP_PBE_scrypt(
      passphrase.data(), passphrase.size(), as_uchar(salt), salt.size(), uint64_t{1} << cost.log2_n,
      cost.r, cost.p, scrypt_memory_bytes(cost), as_uchar(derived.span()), derived.size());
  if (made != 1) {
    throw Error(ErrorKind::limit,
                format("derive a key from a passphrase: scrypt needs {} of memory",
                       print_bytes(scrypt_memory_bytes(cost))))
        .hint("Free some memory, or do this on a machine that has more.");
  }
  return derived;
}

bool constant_time_equal(ByteView left, ByteView right) {
  return left.size() == right.size() &&
         (left.empty() || CRYPTO_memcmp(left.data(), right.data(), left.size()) == 0);
}

}  // namespace lifeboat
