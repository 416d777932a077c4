#include "crypto/offset_cipher.h"

#include <openssl/evp.h>

#include <array>
#include <climits>

#include "base/error.h"
#include "base/secret.h"

namespace lifeboat {

struct OffsetCipher::State {
  Secret key{32};
  std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> context{EVP_CIPHER_CTX_new(),
                                                                          &EVP_CIPHER_CTX_free};
};

OffsetCipher::OffsetCipher(Random& random) : state_(std::make_unique<State>()) {
  random.fill(state_->key.span());
  const bool ready =
      state_->context && EVP_EncryptInit_ex(state_->context.get(), EVP_aes_256_ctr(), nullptr,
                                            as_uchar(state_->key.view()), nullptr) == 1;
  if (!ready) throw Error(ErrorKind::crypto, "start AES-256-CTR: OpenSSL refused");
}

OffsetCipher::~OffsetCipher() = default;

void OffsetCipher::apply(uint64_t offset, ByteView source, ByteSpan target) {
  ensure(source.size() == target.size() && source.size() < INT_MAX, "sizes of OffsetCipher::apply");
  constexpr size_t block = 16;
  std::array<unsigned char, block> counter{};
  uint64_t blocks = offset / block;
  for (size_t at = block; blocks != 0; blocks >>= 8) {
    counter[--at] = static_cast<unsigned char>(blocks & 0xFF);
  }
  std::array<unsigned char, block> skipped{};
  EVP_CIPHER_CTX* context = state_->context.get();
  int done = 0;
  const bool applied =
      EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, counter.data()) == 1 &&
      EVP_EncryptUpdate(context, skipped.data(), &done, skipped.data(),
                        static_cast<int>(offset % block)) == 1 &&
      EVP_EncryptUpdate(context, as_uchar(target), &done, as_uchar(source),
                        static_cast<int>(source.size())) == 1;
  ensure(applied, "AES-CTR cannot fail");
}

}  // namespace lifeboat
