// Ed25519 (RFC 8032), by OpenSSL. A private key is kept as its 32-byte seed and made into OpenSSL's
// form for each use: its own objects live in memory that may be swapped.

#include "crypto/ed25519.h"

#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "crypto/base64.h"

namespace lifeboat {
namespace {

constexpr std::string_view text_prefix = "ed25519:";
constexpr const char* how_to_make_one =
    "Make one with 'lifeboat keygen --signing' or 'openssl genpkey -algorithm ed25519'.";
constexpr size_t pem_bytes_max = 64 * 1024;

using Bio = std::unique_ptr<BIO, decltype(&BIO_free_all)>;
using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

Error refused(std::string message) {
  ERR_clear_error();  // OpenSSL's queue belongs to the thread and would surprise the next caller
  return Error(ErrorKind::crypto, std::move(message));
}

Key checked(EVP_PKEY* raw) {
  if (raw == nullptr) throw refused("load an Ed25519 key: OpenSSL refused");
  return Key(raw, &EVP_PKEY_free);
}

Key load_private(const Secret& seed) {
  return checked(
      EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, as_uchar(seed.view()), seed.size()));
}

Key load_public(const Ed25519PublicKey::Raw& raw) {
  return checked(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, as_uchar(ByteView(raw)), raw.size()));
}

Context new_context() {
  Context context(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  if (!context) throw refused("start Ed25519: OpenSSL has no memory");
  return context;
}

std::string_view content_of(BIO* bio) {
  char* text = nullptr;
  const long length = BIO_get_mem_data(bio, &text);
  return {text, static_cast<size_t>(length)};
}

// Says "no passphrase" where OpenSSL would ask on the terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

}  // namespace

std::optional<Ed25519PublicKey> Ed25519PublicKey::parse(std::string_view text) {
  if (!text.starts_with(text_prefix)) return std::nullopt;
  const std::optional<Secret> bytes = base64_decode_secret(text.substr(text_prefix.size()));
  Raw raw{};
  if (!bytes || bytes->size() != raw.size()) return std::nullopt;
  std::ranges::copy(bytes->view(), raw.begin());
  return Ed25519PublicKey(raw);
}

std::string Ed25519PublicKey::text() const {
  return std::string(text_prefix) + base64_encode_standard(raw_);
}

std::string Ed25519PublicKey::pem() const {
  const Key key = load_public(raw_);
  const Bio bio(BIO_new(BIO_s_mem()), &BIO_free_all);
  if (!bio || PEM_write_bio_PUBKEY(bio.get(), key.get()) != 1) {
    throw refused("print an Ed25519 key: OpenSSL refused");
  }
  return std::string(content_of(bio.get()));
}

bool Ed25519PublicKey::verify(ByteView message, const Ed25519Signature& signature) const {
  const Key key = load_public(raw_);
  const Context context = new_context();
  if (EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key.get()) != 1) {
    throw refused("start an Ed25519 verification: OpenSSL refused");
  }
  const bool fits = EVP_DigestVerify(context.get(), as_uchar(ByteView(signature)), signature.size(),
                                     as_uchar(message), message.size()) == 1;
  ERR_clear_error();
  return fits;
}

Ed25519PrivateKey Ed25519PrivateKey::generate(Random& random) {
  Secret seed(32);
  random.fill(seed.span());
  return Ed25519PrivateKey(std::move(seed));
}

Ed25519PrivateKey Ed25519PrivateKey::parse_pem(std::string_view pem) {
  if (pem.size() > pem_bytes_max) throw refused("parse a signing key: it is larger than 64 KiB");
  const Bio bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), &BIO_free_all);
  if (!bio) throw refused("parse a signing key: OpenSSL has no memory");
  const Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, &no_passphrase, nullptr),
                &EVP_PKEY_free);
  if (!key) {
    throw refused("parse a signing key: there is no readable private key in PEM form")
        .hint(how_to_make_one);
  }
  Secret seed(32);
  size_t length = seed.size();
  if (EVP_PKEY_get_id(key.get()) != EVP_PKEY_ED25519 ||
      EVP_PKEY_get_raw_private_key(key.get(), as_uchar(seed.span()), &length) != 1 ||
      length != seed.size()) {
    throw refused("parse a signing key: it is a private key of another kind than Ed25519")
        .hint(how_to_make_one);
  }
  return Ed25519PrivateKey(std::move(seed));
}

Secret Ed25519PrivateKey::pem() const {
  const Key key = load_private(seed_);
  const Bio bio(BIO_new(BIO_s_secmem()), &BIO_free_all);
  if (!bio || PEM_write_bio_PKCS8PrivateKey(bio.get(), key.get(), nullptr, nullptr, 0, nullptr,
                                            nullptr) != 1) {
    throw refused("print a signing key: OpenSSL refused");
  }
  return Secret(content_of(bio.get()));
}

Ed25519PublicKey Ed25519PrivateKey::public_key() const {
  const Key key = load_private(seed_);
  Ed25519PublicKey::Raw raw{};
  size_t length = raw.size();
  ensure(EVP_PKEY_get_raw_public_key(key.get(), as_uchar(ByteSpan(raw)), &length) == 1 &&
             length == raw.size(),
         "an Ed25519 key has a public half");
  return Ed25519PublicKey(raw);
}

Ed25519Signature Ed25519PrivateKey::sign(ByteView message) const {
  const Key key = load_private(seed_);
  const Context context = new_context();
  Ed25519Signature signature{};
  size_t length = signature.size();
  const bool signed_it =
      EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key.get()) == 1 &&
      EVP_DigestSign(context.get(), as_uchar(ByteSpan(signature)), &length, as_uchar(message),
                     message.size()) == 1;
  if (!signed_it || length != signature.size()) throw refused("sign: OpenSSL refused");
  return signature;
}

}  // namespace lifeboat
