// Keys as objects, and their text forms: https://c2sp.org/age#the-x25519-recipient-type

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "codec/age/age.h"
#include "codec/age/bech32.h"
#include "crypto/x25519.h"

namespace lifeboat::age {

namespace {

// 2^30 would take 1 TiB: beyond it, a work factor is a mistake of the caller.
void check_work_factor(unsigned work_factor) {
  ensure(work_factor >= 1 && work_factor <= 30, "an scrypt work factor is from 1 to 30");
}

std::shared_ptr<const Secret> share(Secret secret) {
  return std::make_shared<const Secret>(std::move(secret));
}

}  // namespace

Recipient Recipient::x25519(std::array<std::byte, 32> public_key) {
  return Recipient(X25519Key{public_key});
}

Recipient Recipient::scrypt(Secret passphrase, unsigned work_factor) {
  check_work_factor(work_factor);
  return Recipient(ScryptKey{share(std::move(passphrase)), work_factor});
}

bool Recipient::is_scrypt() const { return std::holds_alternative<ScryptKey>(key_); }

std::string Recipient::text() const {
  const auto* x25519 = std::get_if<X25519Key>(&key_);
  if (x25519 == nullptr) return "";
  return std::string(bech32_encode("age", x25519->bytes).reveal());
}

Identity Identity::x25519(Secret private_key) {
  ensure(private_key.size() == 32, "an X25519 identity has 32 bytes");
  return Identity(X25519Key{share(std::move(private_key))});
}

Identity Identity::scrypt(Secret passphrase, unsigned work_factor_max) {
  check_work_factor(work_factor_max);
  return Identity(ScryptKey{share(std::move(passphrase)), work_factor_max});
}

Identity Identity::generate(Random& random) {
  Secret key(32);
  random.fill(key.span());
  return x25519(std::move(key));
}

bool Identity::is_scrypt() const { return std::holds_alternative<ScryptKey>(key_); }

Recipient Identity::recipient() const {
  ensure(!is_scrypt(), "a passphrase has no public key");
  return Recipient::x25519(x25519_public_key(std::get<X25519Key>(key_).bytes->view()));
}

Secret Identity::text() const {
  ensure(!is_scrypt(), "a passphrase has no identity text");
  Secret text = bech32_encode("age-secret-key-", std::get<X25519Key>(key_).bytes->view());
  for (std::byte& letter : text.span()) {
    if (letter >= std::byte{'a'} && letter <= std::byte{'z'}) letter ^= std::byte{0x20};
  }
  return text;
}

Secret print_identity_file(const Identity& identity, std::string_view created_utc) {
  const std::string comments =
      format("# created: {}\n# public key: {}\n", created_utc, identity.recipient().text());
  const Secret key = identity.text();
  Secret file(comments.size() + key.size() + 1);
  const auto after = std::ranges::copy(as_bytes(comments), file.span().begin()).out;
  *std::ranges::copy(key.view(), after).out = std::byte{'\n'};
  return file;
}

}  // namespace lifeboat::age
