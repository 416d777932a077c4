#include "cli/keys.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <iterator>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/files.h"

namespace lifeboat::cli {
namespace {

constexpr std::string_view age_first_line = "age-encryption.org/v1\n";
constexpr std::string_view armor_first_line = "-----BEGIN AGE ENCRYPTED FILE-----";
constexpr std::string_view trust_any = "any";
constexpr size_t passphrase_file_bytes_max = 64 * 1024;

// What a file holds, wiped when no longer needed.
class WipedBytes {
 public:
  explicit WipedBytes(Bytes bytes) : bytes_(std::move(bytes)) {}
  ~WipedBytes() { wipe(bytes_); }
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;
  std::string_view text() const { return as_text(bytes_); }
  ByteView view() const { return bytes_; }

 private:
  Bytes bytes_;
};

Bytes read_key_file(const std::string& path, ErrorKind kind, CommandContext& context) {
  const std::string_view purpose = kind == ErrorKind::crypto   ? "identity file"
                                   : kind == ErrorKind::config ? "recipients file"
                                                               : "file of trusted keys";
  if (path == standard_stream) context.claim_stdin(purpose);
  return with_context(format("read the {}", purpose), [&] {
    InputFile input(path, context.stop(), kind);
    return read_all(input, key_file_bytes_max, format("'{}'", display_name(path)));
  });
}

Bytes decrypt_identity_file(ByteView encrypted, const std::string& path, CommandContext& context) {
  const std::string what = format("identity file '{}'", display_name(path));
  return with_context(format("decrypt {}", what), [&] {
    MemorySource file(Bytes(encrypted.begin(), encrypted.end()));
    age::DearmorSource binary(file);
    PeekSource peeked(binary, passphrase_head_bytes);
    if (!is_passphrase_encrypted(peeked.head())) {
      throw Error(ErrorKind::crypto, "it is not encrypted with a passphrase")
          .hint("Decrypt it with the key that it was encrypted to, and give the result.");
    }
    const std::array identities{age::Identity::scrypt(existing_passphrase(what, context))};
    age::DecryptSource plain(peeked, identities);
    return read_all(plain, key_file_bytes_max, what);
  });
}

// A passphrase given without a terminal, empty if there is none.
Secret given_passphrase(CommandContext& context) {
  const std::string& path = context.options.passphrase_file;
  if (!path.empty()) {
    if (path == standard_stream) context.claim_stdin("passphrase");
    InputFile input(path, context.stop(), ErrorKind::crypto);
    const WipedBytes bytes(read_all(input, passphrase_file_bytes_max, "the passphrase file"));
    std::string_view line = bytes.text().substr(0, bytes.text().find('\n'));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty()) {
      throw Error(ErrorKind::crypto,
                  format("read passphrase file '{}': its first line is empty", display_name(path)));
    }
    log_redact(line);
    return Secret(line);
  }
  const char* variable = ::getenv("LIFEBOAT_PASSPHRASE");
  if (variable == nullptr || *variable == '\0') return {};
  log_redact(variable);
  return Secret(std::string_view(variable));
}

// Five groups of five letters: 25 choices out of 32, 125 bits.
Secret generate_passphrase(Random& random) {
  constexpr std::string_view alphabet = "abcdefghijkmnpqrstuvwxyz23456789";
  static_assert(alphabet.size() == 32);
  constexpr size_t letters = 25;
  constexpr size_t group = 5;
  Secret entropy(letters);
  random.fill(entropy.span());
  Secret passphrase(letters + letters / group - 1);
  size_t at = 0;
  for (size_t letter = 0; letter < letters; ++letter) {
    if (letter > 0 && letter % group == 0) passphrase.span()[at++] = std::byte('-');
    const auto choice = std::to_integer<size_t>(entropy.view()[letter]) % alphabet.size();
    passphrase.span()[at++] = std::byte(alphabet[choice]);
  }
  return passphrase;
}

}  // namespace

bool is_passphrase_encrypted(std::string_view head) {
  if (!head.starts_with(age_first_line)) return false;
  head.remove_prefix(age_first_line.size());
  return head.starts_with("-> scrypt ");
}

std::vector<age::Identity> load_identities(const std::vector<std::string>& files,
                                           CommandContext& context) {
  std::vector<age::Identity> all;
  for (const std::string& path : files) {
    const WipedBytes content(read_key_file(path, ErrorKind::crypto, context));
    const bool is_encrypted = content.text().starts_with(age_first_line) ||
                              trim(content.text()).starts_with(armor_first_line);
    const WipedBytes plain(is_encrypted ? decrypt_identity_file(content.view(), path, context)
                                        : Bytes());
    auto found =
        age::parse_identities(is_encrypted ? plain.text() : content.text(), display_name(path));
    std::move(found.begin(), found.end(), std::back_inserter(all));
  }
  return all;
}

std::vector<age::Recipient> load_recipients(const std::vector<std::string>& files,
                                            CommandContext& context) {
  std::vector<age::Recipient> all;
  for (const std::string& path : files) {
    const Bytes content = read_key_file(path, ErrorKind::config, context);
    auto found = age::parse_recipients(as_text(content), display_name(path));
    std::move(found.begin(), found.end(), std::back_inserter(all));
  }
  return all;
}

Trust load_trust(const std::vector<std::string>& values, CommandContext& context) {
  Trust trust;
  const auto add = [&](std::string_view text, std::string_view place) {
    const auto key = Ed25519PublicKey::parse(text);
    if (!key) {
      throw Error(ErrorKind::usage,
                  format("{}: '{}' is not a public signing key", place, printable(text)))
          .hint("It looks like ed25519:... and 'lifeboat keygen --signing -y KEYFILE' prints it.");
    }
    trust.keys.push_back(*key);
  };
  for (const std::string& value : values) {
    if (value == trust_any) return {};
    if (value.starts_with("ed25519:")) {
      add(value, "--trust");
      continue;
    }
    const Bytes content = read_key_file(value, ErrorKind::usage, context);
    const size_t before = trust.keys.size();
    for (const std::string& line : split(as_text(content), '\n')) {
      const std::string_view text = trim(line);
      if (!text.empty() && !text.starts_with('#')) add(text, display_name(value));
    }
    // A trust without keys would believe everything.
    if (trust.keys.size() == before) add("", display_name(value));
  }
  return trust;
}

Secret existing_passphrase(std::string_view what, CommandContext& context) {
  Secret given = given_passphrase(context);
  if (!given.empty()) return given;
  return ask_secret(format("Enter passphrase for {}: ", printable(what)), context.stop());
}

Secret new_passphrase(CommandContext& context) {
  Secret given = given_passphrase(context);
  if (!given.empty()) return given;
  Secret first = ask_secret("Enter passphrase (leave empty to have one made up): ", context.stop());
  if (first.empty()) {
    Secret made = generate_passphrase(context.random());
    context.talk().line(format("passphrase: {}", made.reveal()));
    return made;
  }
  const Secret second = ask_secret("Confirm passphrase: ", context.stop());
  if (!std::ranges::equal(first.view(), second.view())) {
    throw Error(ErrorKind::usage, "read the passphrase: the two do not match");
  }
  return first;
}

}  // namespace lifeboat::cli
