#include "crypto/x25519.h"

#include <algorithm>

#include "base/error.h"
#include "codec/age/base64.h"
#include "codec/age/wrap.h"

namespace lifeboat::age {

namespace {

constexpr std::string_view info = "age-encryption.org/v1/X25519";

Secret wrap_key(const Secret& shared, const X25519Point& share, const X25519Point& recipient) {
  Bytes salt(share.begin(), share.end());
  salt.insert(salt.end(), recipient.begin(), recipient.end());
  return hkdf_sha256(shared.view(), salt, info);
}

X25519Point parse_share(const Stanza& stanza) {
  if (stanza.arguments.size() != 2) throw header_fault("an X25519 stanza needs two arguments");
  const auto bytes = base64_decode(stanza.arguments[1], Base64Padding::none);
  X25519Point share;
  if (!bytes || bytes->size() != share.size()) {
    throw header_fault("the share of an X25519 stanza is malformed");
  }
  std::ranges::copy(*bytes, share.begin());
  return share;
}

}  // namespace

Stanza wrap_x25519(const Recipient::X25519Key& recipient, ByteView file_key, Random& random) {
  Secret ephemeral(32);
  random.fill(ephemeral.span());
  const X25519Point share = x25519_public_key(ephemeral.view());
  const std::optional<Secret> shared = x25519_shared_secret(ephemeral.view(), recipient.bytes);
  if (!shared) {
    throw Error(ErrorKind::config, "encrypt to a recipient: it is not a public key that is safe")
        .hint("Take the public key that `lifeboat keygen -y FILE` prints.");
  }
  return {{"X25519", base64_encode(share, Base64Padding::none)},
          seal_file_key(wrap_key(*shared, share, recipient.bytes).view(), file_key)};
}

std::optional<Secret> unwrap_x25519(const Identity::X25519Key& identity, const Stanza& stanza) {
  if (stanza.type() != "X25519") return std::nullopt;
  const X25519Point share = parse_share(stanza);
  if (stanza.body.size() != wrapped_bytes) {
    throw header_fault("the body of an X25519 stanza is not 32 bytes long");
  }
  const ByteView key = identity.bytes->view();
  const std::optional<Secret> shared = x25519_shared_secret(key, share);
  if (!shared) throw header_fault("the share of an X25519 stanza is a point of low order");
  return open_file_key(wrap_key(*shared, share, x25519_public_key(key)).view(), stanza.body);
}

}  // namespace lifeboat::age
