#include "crypto/hash.h"

// SHA256_Init and its kin, which OpenSSL 3 calls deprecated: the state is needed (update_both), and
// EVP hides it. They run the same code.
#define OPENSSL_SUPPRESS_DEPRECATED

#include <openssl/evp.h>
#include <openssl/sha.h>

#include <algorithm>

#include "base/error.h"
#include "crypto/base64.h"
#include "crypto/sha256_pair.h"

namespace lifeboat {

struct Sha256::State {
  State() { begin(); }
  void begin() { ensure(SHA256_Init(&context) == 1, "SHA-256 begin cannot fail"); }
  void count_blocks(size_t blocks) {
    const uint64_t bits = (uint64_t{context.Nh} << 32 | context.Nl) + uint64_t{blocks} * 512;
    context.Nh = static_cast<SHA_LONG>(bits >> 32);
    context.Nl = static_cast<SHA_LONG>(bits);
  }
  SHA256_CTX context{};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {}
Sha256::~Sha256() = default;
Sha256::Sha256(Sha256&&) noexcept = default;
Sha256& Sha256::operator=(Sha256&&) noexcept = default;

void Sha256::update(ByteView data) {
  ensure(SHA256_Update(&state_->context, data.data(), data.size()) == 1,
         "SHA-256 update cannot fail");
}

void Sha256::update_both(Sha256& left, Sha256& right, ByteView data) {
  const auto each = [&](ByteView part) {
    left.update(part);
    right.update(part);
  };
  SHA256_CTX& one = left.state_->context;
  SHA256_CTX& two = right.state_->context;
  if (one.num != two.num || !has_sha256_pair()) return each(data);
  const size_t begun = one.num;  // bytes of a block that both wait to be filled
  const size_t head = begun == 0 ? 0 : std::min(data.size(), SHA256_CBLOCK - begun);
  each(data.first(head));
  const ByteView rest = data.subspan(head);
  const size_t blocks = rest.size() / SHA256_CBLOCK;
  sha256_pair(one.h, two.h, rest.data(), blocks);
  left.state_->count_blocks(blocks);
  right.state_->count_blocks(blocks);
  each(rest.subspan(blocks * SHA256_CBLOCK));
}

Sha256Digest Sha256::finish() {
  Sha256Digest digest;
  ensure(SHA256_Final(as_uchar(ByteSpan(digest)), &state_->context) == 1,
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
