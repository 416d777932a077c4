#include "crypto/hash.h"

#include <openssl/evp.h>

#include "base/error.h"
#include "crypto/base64.h"

namespace lifeboat {

struct Sha256::State {
  State() : context(EVP_MD_CTX_new(), &EVP_MD_CTX_free) { begin(); }
  void begin() {
    const bool ready = context && EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr) == 1;
    if (!ready) throw Error(ErrorKind::crypto, "start SHA-256: OpenSSL refused");
  }
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context;
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView data) {
  ensure(EVP_DigestUpdate(state_->context.get(), data.data(), data.size()) == 1,
         "SHA-256 update cannot fail");
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  unsigned length = 0;
  ensure(EVP_DigestFinal_ex(state_->context.get(), as_uchar(ByteSpan(digest)), &length) == 1 &&
             length == digest.size(),
         "SHA-256 finish cannot fail");
  state_->begin();
  return digest;
}

Sha256Digest sha256(ByteView data) {
  Sha256 hash;
  hash.update(data);
  return hash.finish();
}

std::string sha256_hex(ByteView data) { return hex_encode(sha256(data)); }

Md5Digest md5(ByteView data) {
  Md5Digest digest;
  unsigned length = 0;
  const bool made = EVP_Digest(data.data(), data.size(), as_uchar(ByteSpan(digest)), &length,
                               EVP_md5(), nullptr) == 1;
  if (!made || length != digest.size()) {
    throw Error(ErrorKind::crypto, "make an MD5: OpenSSL refused")
        .hint("A machine in FIPS mode has no MD5, which the S3 protocol needs as a checksum.");
  }
  return digest;
}

std::string md5_hex(ByteView data) { return hex_encode(md5(data)); }
std::string md5_base64(ByteView data) { return base64_encode_standard(md5(data)); }

}  // namespace lifeboat
