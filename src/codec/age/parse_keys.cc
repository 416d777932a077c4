// Reads keys that people paste. A private key lands where a public one belongs, and the other way
// round, more often than a key is mistyped: so nothing of a line that is not surely public is ever
// repeated in a message.

#include <algorithm>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/age/age.h"
#include "codec/age/bech32.h"

namespace lifeboat::age {

namespace {

constexpr std::string_view post_quantum_why = "post-quantum keys are not supported";
constexpr std::string_view plugin_why = "keys of age plugins are not supported";
constexpr std::string_view ssh_why = "ssh keys are not supported";
constexpr std::string_view make_key_hint =
    "Make an X25519 key with `lifeboat keygen -o FILE`, which every version of age can read.";

struct Refusal {
  std::string_view why;
  std::string_view hint;
  Error error(ErrorKind kind, std::string_view what) const {
    return Error(kind, format("parse {}: {}", what, why)).hint(std::string(hint));
  }
};

// What `text` is when it is surely not a recipient. Only its beginning is looked at.
std::optional<Refusal> recognize_other_recipient(std::string_view text) {
  const std::string begin = ascii_lower(text.substr(0, 32));
  if (begin.starts_with("age-secret-key-")) {
    return Refusal{"this is a private key, not a public one",
                   "Give the public key that `lifeboat keygen -y FILE` prints, and keep the "
                   "private one away from this machine's configuration."};
  }
  if (begin.starts_with("age-plugin-")) return Refusal{plugin_why, make_key_hint};
  if (begin.starts_with("ssh-") || begin.starts_with("ecdsa-")) {
    return Refusal{ssh_why, make_key_hint};
  }
  if (begin.starts_with("age1pq1")) return Refusal{post_quantum_why, make_key_hint};
  if (begin.starts_with("age1tag1") || begin.starts_with("age1tagpq1")) {
    return Refusal{"tagged keys of hardware tokens are not supported", make_key_hint};
  }
  // "age1NAME1...": bech32 data never contains a '1', so this one ends a longer prefix.
  if (begin.starts_with("age1") && text.find('1', 4) != std::string_view::npos) {
    return Refusal{plugin_why, make_key_hint};
  }
  if (!begin.starts_with("age1")) {
    return Refusal{"this is not an age public key", "A public key begins with 'age1'."};
  }
  return std::nullopt;
}

std::optional<Refusal> recognize_other_identity(std::string_view text) {
  const std::string begin = ascii_lower(text.substr(0, 32));
  if (begin.starts_with("age-secret-key-pq-")) return Refusal{post_quantum_why, make_key_hint};
  if (begin.starts_with("age-plugin-")) {
    return Refusal{plugin_why, "Decrypt with `age -d` and that plugin."};
  }
  if (begin.starts_with("age1")) {
    return Refusal{"this is a public key, not a private one",
                   "Give the file with the line that begins with 'AGE-SECRET-KEY-1'."};
  }
  if (begin.starts_with("age-encryption.org/") || begin.starts_with("-----begin age")) {
    return Refusal{"the identity file is itself encrypted",
                   "Decrypt it first, with `lifeboat decrypt` or `age -d`."};
  }
  if (begin.starts_with("-----begin ") || begin.starts_with("ssh-")) {
    return Refusal{ssh_why, "Decrypt with `age -d -i` and that key."};
  }
  if (!begin.starts_with("age-secret-key-1")) {
    return Refusal{"this is not an age identity", "An identity begins with 'AGE-SECRET-KEY-1'."};
  }
  return std::nullopt;
}

// `begin` is the key's prefix and separator in the one case that is allowed.
Bech32 decode_key(std::string_view text, std::string_view begin) {
  Bech32 key = bech32_decode(text);
  if (!key.fault.empty()) return key;
  if (!text.starts_with(begin) || key.prefix.size() + 1 != begin.size()) {
    key.fault = "it is not in the upper or lower case of such a key";
  } else if (key.data.size() != 32) {
    key.fault = "it does not have the length of a key";
  }
  return key;
}

Recipient parse_recipient_as(std::string_view text, std::string_view what) {
  if (const auto other = recognize_other_recipient(text)) {
    throw other->error(ErrorKind::config, what);
  }
  const Bech32 key = decode_key(text, "age1");
  if (!key.fault.empty()) {
    throw Refusal{key.fault, "Copy the public key again: a character is missing or mistyped."}
        .error(ErrorKind::config, what);
  }
  std::array<std::byte, 32> bytes;
  std::ranges::copy(key.data.view(), bytes.begin());
  return Recipient::x25519(bytes);
}

Identity parse_identity_as(std::string_view text, std::string_view what) {
  if (const auto other = recognize_other_identity(text)) {
    throw other->error(ErrorKind::crypto, what);
  }
  Bech32 key = decode_key(text, "AGE-SECRET-KEY-1");
  if (!key.fault.empty()) {
    throw Refusal{key.fault,
                  "Take the identity from its backup: a character is missing or "
                  "mistyped."}
        .error(ErrorKind::crypto, what);
  }
  return Identity::x25519(std::move(key.data));
}

// Calls `parse(line, "<name>:<number>")` for each line that is not blank and no comment.
template <typename Parse>
auto parse_lines(std::string_view text, std::string_view name, std::string_view noun, Parse parse) {
  std::vector<decltype(parse(text, name))> parsed;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = text.find('\n');
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.starts_with('#')) continue;
    parsed.push_back(parse(line, format("{} {}:{}", noun, name, number)));
  }
  return parsed;
}

}  // namespace

Recipient parse_recipient(std::string_view text) {
  text = trim(text);
  // Enough of it to find it in a list, and only if it is no private key.
  const bool is_public = text.starts_with("age1");
  return parse_recipient_as(
      text, is_public ? format("recipient '{}...'", printable(text.substr(0, 12))) : "recipient");
}

std::vector<Recipient> parse_recipients(std::string_view text, std::string_view name) {
  auto recipients = parse_lines(text, name, "recipient", parse_recipient_as);
  if (recipients.empty()) {
    throw Error(ErrorKind::config, format("read recipients file {}: it holds no key", name))
        .hint("Put one public key a line into it, beginning with 'age1'.");
  }
  return recipients;
}

std::vector<Identity> parse_identities(std::string_view text, std::string_view name) {
  auto identities = parse_lines(text, name, "identity", parse_identity_as);
  if (identities.empty()) {
    throw Error(ErrorKind::crypto, format("read identity file {}: it holds no key", name))
        .hint("An identity file holds a line that begins with 'AGE-SECRET-KEY-1'.");
  }
  return identities;
}

}  // namespace lifeboat::age
