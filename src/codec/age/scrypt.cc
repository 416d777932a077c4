#include <algorithm>
#include <charconv>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "codec/age/base64.h"
#include "codec/age/wrap.h"

namespace lifeboat::age {

namespace {

constexpr std::string_view salt_label = "age-encryption.org/v1/scrypt";
constexpr size_t salt_bytes = 16;

Secret wrap_key(const Secret& passphrase, ByteView salt, unsigned work_factor) {
  Bytes labelled = to_bytes(salt_label);
  labelled.insert(labelled.end(), salt.begin(), salt.end());
  return scrypt(passphrase.reveal(), labelled, {.log2_n = work_factor});
}

unsigned parse_work_factor(std::string_view text, unsigned work_factor_max) {
  const bool is_number = !text.empty() && text.front() != '0' &&
                         std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_number) throw header_fault("the work factor of an scrypt stanza is malformed");
  unsigned value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc() || value > work_factor_max) {
    throw header_fault(format("the scrypt work factor {} is above the limit of {}",
                              text.substr(0, 20), work_factor_max))
        .hint(format("Each step doubles time and memory; {} already takes {}. If you trust this "
                     "file, open it with `age -d`, or encrypt it again with a lower one.",
                     work_factor_max,
                     print_bytes(scrypt_memory_bytes({.log2_n = work_factor_max}))));
  }
  return value;
}

}  // namespace

Stanza wrap_scrypt(const Recipient::ScryptKey& recipient, ByteView file_key, Random& random) {
  Bytes salt(salt_bytes);
  random.fill(salt);
  const Secret key = wrap_key(*recipient.passphrase, salt, recipient.work_factor);
  return {{"scrypt", base64_encode(salt, Base64Padding::none), format("{}", recipient.work_factor)},
          seal_file_key(key.view(), file_key)};
}

std::optional<Secret> unwrap_scrypt(const Identity::ScryptKey& identity, const Stanza& stanza) {
  if (stanza.type() != "scrypt") return std::nullopt;
  if (stanza.arguments.size() != 3) throw header_fault("an scrypt stanza needs three arguments");
  const auto salt = base64_decode(stanza.arguments[1], Base64Padding::none);
  if (!salt || salt->size() != salt_bytes) {
    throw header_fault("the salt of an scrypt stanza is malformed");
  }
  const unsigned work_factor = parse_work_factor(stanza.arguments[2], identity.work_factor_max);
  if (stanza.body.size() != wrapped_bytes) {
    throw header_fault("the body of an scrypt stanza is not 32 bytes long");
  }
  return open_file_key(wrap_key(*identity.passphrase, *salt, work_factor).view(), stanza.body);
}

}  // namespace lifeboat::age
