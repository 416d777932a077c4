#include "crypto/chacha20_poly1305.h"

#include <openssl/evp.h>

#include <algorithm>

#include "base/error.h"

namespace lifeboat {

namespace {

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

Context make_context(ByteView key, bool seals) {
  Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  if (!context || EVP_CipherInit_ex(context.get(), EVP_chacha20_poly1305(), nullptr, as_uchar(key),
                                    nullptr, seals ? 1 : 0) != 1) {
    throw Error(ErrorKind::crypto, "start ChaCha20-Poly1305: OpenSSL refused");
  }
  return context;
}

// Keeps the key and the direction, changes the nonce.
bool begin_message(EVP_CIPHER_CTX* context, const ChaCha20Poly1305::Nonce& nonce) {
  return EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, as_uchar(nonce), -1) == 1;
}

}  // namespace

struct ChaCha20Poly1305::State {
  explicit State(ByteView key)
      : sealer(make_context(key, true)), opener(make_context(key, false)) {}
  Context sealer;
  Context opener;
};

ChaCha20Poly1305::ChaCha20Poly1305(ByteView key) {
  ensure(key.size() == key_bytes, "a ChaCha20-Poly1305 key has 32 bytes");
  state_ = std::make_unique<State>(key);
}
ChaCha20Poly1305::~ChaCha20Poly1305() = default;
ChaCha20Poly1305::ChaCha20Poly1305(ChaCha20Poly1305&&) noexcept = default;
ChaCha20Poly1305& ChaCha20Poly1305::operator=(ChaCha20Poly1305&&) noexcept = default;

void ChaCha20Poly1305::seal(const Nonce& nonce, ByteSpan message) {
  ensure(message.size() >= tag_bytes, "a sealed message has room for its tag");
  const ByteSpan text = message.first(message.size() - tag_bytes);
  const ByteSpan tag = message.last(tag_bytes);
  EVP_CIPHER_CTX* context = state_->sealer.get();
  int length = 0;
  unsigned char none = 0;
  bool sealed = begin_message(context, nonce);
  if (!text.empty()) {
    sealed = sealed && EVP_EncryptUpdate(context, as_uchar(text), &length, as_uchar(text),
                                         static_cast<int>(text.size())) == 1;
  }
  sealed = sealed && EVP_EncryptFinal_ex(context, &none, &length) == 1 &&
           EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, tag_bytes, tag.data()) == 1;
  ensure(sealed, "ChaCha20-Poly1305 sealing cannot fail");
}

bool ChaCha20Poly1305::open(const Nonce& nonce, ByteView sealed, ByteSpan plain) {
  ensure(sealed.size() == plain.size() + tag_bytes, "plaintext is one tag shorter");
  const ByteView text = sealed.first(plain.size());
  std::array<std::byte, tag_bytes> tag;  // OpenSSL takes it by a pointer to non-const
  std::copy_n(sealed.last(tag_bytes).begin(), tag_bytes, tag.begin());
  EVP_CIPHER_CTX* context = state_->opener.get();
  int length = 0;
  unsigned char none = 0;
  bool begun = begin_message(context, nonce) &&
               EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, tag_bytes, tag.data()) == 1;
  if (!text.empty()) {
    begun = begun && EVP_DecryptUpdate(context, as_uchar(plain), &length, as_uchar(text),
                                       static_cast<int>(text.size())) == 1;
  }
  ensure(begun, "ChaCha20-Poly1305 opening fails at the tag only");
  if (EVP_DecryptFinal_ex(context, &none, &length) == 1) return true;
  wipe(plain);
  return false;
}

}  // namespace lifeboat
