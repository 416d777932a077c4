#include "codec/age/wrap.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "crypto/chacha20_poly1305.h"

namespace lifeboat::age {

namespace {

bool has_type(const Header& header, std::string_view type) {
  return std::ranges::any_of(header.stanzas, [&](const Stanza& s) { return s.type() == type; });
}

// "X25519, ssh-ed25519": each type once, cut short, since a file may say anything here.
std::string list_types(const Header& header) {
  constexpr size_t types_max = 5;
  std::vector<std::string> types;
  for (const Stanza& stanza : header.stanzas) {
    const std::string type = stanza.type().substr(0, 30);
    if (std::ranges::find(types, type) != types.end()) continue;
    if (types.size() == types_max) {
      types.push_back("...");
      break;
    }
    types.push_back(type);
  }
  return format("{}", join(types, ", "));
}

Error no_match(const Header& header, std::span<const Identity> identities) {
  const bool has_passphrase = std::ranges::any_of(identities, &Identity::is_scrypt);
  const bool has_key = !std::ranges::all_of(identities, &Identity::is_scrypt);
  Error error(
      ErrorKind::crypto,
      format("open age file: no identity matches any of its recipients ({})", list_types(header)));
  if (has_type(header, "scrypt")) {
    error.add_hint(has_passphrase ? "The passphrase is not the one the file was encrypted with."
                                  : "The file is encrypted with a passphrase: give that.");
  } else if (has_type(header, "X25519")) {
    error.add_hint(has_key ? "Find the identity file whose public key (`lifeboat keygen -y FILE`) "
                             "the file was encrypted to."
                           : "The file is encrypted to keys: give an identity file with -i FILE.");
  } else {
    error.add_hint(
        "Only X25519 and scrypt are supported here: open the file with `age -d` and the "
        "key or plugin of that type.");
  }
  return error;
}

std::optional<Secret> unwrap_stanza(const Identity& identity, const Stanza& stanza) {
  if (const auto* key = std::get_if<Identity::X25519Key>(&identity.key())) {
    return unwrap_x25519(*key, stanza);
  }
  return unwrap_scrypt(std::get<Identity::ScryptKey>(identity.key()), stanza);
}

std::optional<Secret> find_file_key(const Header& header, std::span<const Identity> identities) {
  for (const Identity& identity : identities) {
    for (const Stanza& stanza : header.stanzas) {
      if (auto file_key = unwrap_stanza(identity, stanza)) return file_key;
    }
  }
  return std::nullopt;
}

}  // namespace

Secret unwrap(const Header& header, std::span<const Identity> identities) {
  // Whoever knows a passphrase may have made the file, and nobody else: a second way in would break
  // what people expect of a password.
  if (has_type(header, "scrypt") && header.stanzas.size() > 1) {
    throw header_fault("an scrypt stanza must be the only one");
  }
  std::optional<Secret> file_key = find_file_key(header, identities);
  if (!file_key) throw no_match(header, identities);
  if (!constant_time_equal(header_mac(file_key->view(), header.authenticated), header.mac)) {
    throw Error(ErrorKind::crypto, "check age header MAC: the header was changed after encryption");
  }
  return std::move(*file_key);
}

Bytes seal_file_key(ByteView wrap_key, ByteView file_key) {
  Bytes sealed(file_key.begin(), file_key.end());
  sealed.resize(wrapped_bytes);
  ChaCha20Poly1305(wrap_key).seal({}, sealed);
  return sealed;
}

std::optional<Secret> open_file_key(ByteView wrap_key, ByteView sealed) {
  Secret file_key(file_key_bytes);
  if (!ChaCha20Poly1305(wrap_key).open({}, sealed, file_key.span())) return std::nullopt;
  return file_key;
}

}  // namespace lifeboat::age
