#include "codec/age/vector_maker.h"

#include <gtest/gtest.h>

#include "base/error.h"
#include "base/format.h"
#include "codec/age/age.h"
#include "codec/age/base64.h"
#include "codec/age/testkit.h"
#include "crypto/chacha20_poly1305.h"
#include "crypto/hash.h"
#include "crypto/kdf.h"

namespace lifeboat::age::test {

namespace {

std::string base64(ByteView bytes) { return base64_encode(bytes, Base64Padding::none); }

Bytes seal(ByteView key, const ChaCha20Poly1305::Nonce& nonce, ByteView plain) {
  Bytes sealed(plain.begin(), plain.end());
  sealed.resize(plain.size() + ChaCha20Poly1305::tag_bytes);
  ChaCha20Poly1305(key).seal(nonce, sealed);
  return sealed;
}

Bytes joined(ByteView left, ByteView right) {
  Bytes both(left.begin(), left.end());
  both.insert(both.end(), right.begin(), right.end());
  return both;
}

}  // namespace

std::string not_canonical(std::string base64_text) {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  base64_text.back() = alphabet[alphabet.find(base64_text.back()) + 1];
  return base64_text;
}

void check_cases(std::initializer_list<Case> cases) {
  for (const Case& one : cases) {
    SCOPED_TRACE(one.name);
    VectorMaker file;
    one.make(file);
    check_vector(parse_vector(file.print()));
  }
}

VectorMaker::VectorMaker() : file_key_(to_bytes("YELLOW SUBMARINE")) {
  own_key_ = random(32);
  other_key_ = random(32);
}

VectorMaker& VectorMaker::raw(std::string_view text) {
  file_ += text;
  return *this;
}

VectorMaker& VectorMaker::body(ByteView bytes) {
  const std::string text = base64(bytes);
  for (size_t at = 0; at <= text.size(); at += 64) line(std::string_view(text).substr(at, 64));
  return *this;
}

std::string VectorMaker::wrapped(ByteView wrap_key, size_t file_key_size) {
  Bytes key = file_key_;
  key.resize(file_key_size);
  return base64(seal(wrap_key, {}, key));
}

StanzaText VectorMaker::x25519_stanza(ByteView private_key) {
  const Bytes ephemeral = random(32);
  const X25519Point share = x25519_public_key(ephemeral);
  const X25519Point recipient = x25519_public_key(private_key);
  const Secret shared = x25519_shared_secret(ephemeral, recipient).value();
  const Secret key =
      hkdf_sha256(shared.view(), joined(share, recipient), "age-encryption.org/v1/X25519");
  return {"-> X25519 " + base64(share), wrapped(key.view(), 16)};
}

StanzaText VectorMaker::x25519_stanza_with(const X25519Point& share, size_t file_key_size) {
  // From the identity's side, since nobody knows the share's private key; zero for a low order.
  const auto shared = x25519_shared_secret(own_key_, share);
  const Secret zero(32);
  const Secret key =
      hkdf_sha256((shared ? *shared : zero).view(), joined(share, x25519_public_key(own_key_)),
                  "age-encryption.org/v1/X25519");
  return {"-> X25519 " + base64(share), wrapped(key.view(), file_key_size)};
}

StanzaText VectorMaker::scrypt_stanza(std::string_view passphrase, unsigned work_factor,
                                      size_t file_key_size) {
  const Bytes salt = random(16);
  const Secret key = lifeboat::scrypt(
      passphrase, joined(as_bytes("age-encryption.org/v1/scrypt"), salt), {.log2_n = work_factor});
  return {format("-> scrypt {} {}", base64(salt), work_factor), wrapped(key.view(), file_key_size)};
}

VectorMaker& VectorMaker::scrypt(std::string_view passphrase, unsigned work_factor) {
  return add(scrypt_stanza(passphrase, work_factor));
}

VectorMaker& VectorMaker::mac() {
  file_ += "---";
  const Secret key = hkdf_sha256(file_key_, {}, "header");
  return line(" " + base64(hmac_sha256(key.view(), as_bytes(file_))));
}

VectorMaker& VectorMaker::nonce() {
  const Bytes nonce = random(16);
  const Secret key = hkdf_sha256(file_key_, nonce, "payload");
  payload_key_.assign(key.view().begin(), key.view().end());
  return raw(as_text(nonce));
}

VectorMaker& VectorMaker::chunk(ByteView plain, bool last) {
  ChaCha20Poly1305::Nonce nonce{};
  nonce[10] = std::byte{chunks_++};
  nonce[11] = last ? std::byte{1} : std::byte{0};
  plain_.insert(plain_.end(), plain.begin(), plain.end());
  return raw(as_text(seal(payload_key_, nonce, plain)));
}

VectorMaker& VectorMaker::flip_last_byte() {
  file_.back() = static_cast<char>(file_.back() ^ 0x20);
  return *this;
}

VectorMaker& VectorMaker::drop(size_t last_bytes) {
  file_.resize(file_.size() - last_bytes);
  return *this;
}

VectorMaker& VectorMaker::identity() {
  keys_ += format("identity: {}\n", Identity::x25519(Secret(ByteView(own_key_))).text().reveal());
  return *this;
}

VectorMaker& VectorMaker::passphrase(std::string_view text) {
  keys_ += format("passphrase: {}\n", text);
  return *this;
}

VectorMaker& VectorMaker::expect(std::string_view result) {
  expect_ = result;
  armored_ = armored_ || result == "armor failure";
  return *this;
}

VectorMaker& VectorMaker::expect_payload_failure(size_t released) {
  plain_.resize(released);
  return expect("payload failure");
}

VectorMaker& VectorMaker::armor(std::string_view line_end) {
  std::string text = format("-----BEGIN AGE ENCRYPTED FILE-----{}", line_end);
  for (std::string_view rest = file_; !rest.empty();) {
    const std::string_view part = rest.substr(0, 48);
    text += base64_encode(as_bytes(part), Base64Padding::required).append(line_end);
    rest.remove_prefix(part.size());
  }
  file_ = format("{}-----END AGE ENCRYPTED FILE-----{}", text, line_end);
  armored_ = true;
  return *this;
}

VectorMaker& VectorMaker::replace(std::string_view from, std::string_view to) {
  const size_t at = file_.find(from);
  ensure(at != std::string::npos, "what is to be replaced is there");
  file_.replace(at, from.size(), to);
  return *this;
}

std::string VectorMaker::print() const {
  const bool has_payload = expect_ == "success" || expect_ == "payload failure";
  return format("expect: {}\n{}file key: {}\n{}{}\n{}", expect_,
                has_payload ? format("payload: {}\n", sha256_hex(plain_)) : "",
                hex_encode(file_key_), keys_, armored_ ? "armored: yes\n" : "", file_);
}

}  // namespace lifeboat::age::test
