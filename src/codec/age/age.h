// The age file format, v1: https://c2sp.org/age
//
// Streaming both ways with one 64 KiB chunk in memory, and random access. Written on OpenSSL and
// not taken from a library, because a backup tool must be able to seek, to bound its memory and to
// refuse everything the specification calls invalid.
#pragma once

#include <array>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/random.h"
#include "base/secret.h"
#include "io/sink.h"
#include "io/source.h"

namespace lifeboat::age {

inline constexpr size_t chunk_bytes = 64 * 1024;         // plaintext of one payload chunk
inline constexpr size_t tag_bytes = 16;                  // Poly1305 tag behind each chunk
inline constexpr size_t recipients_max = 1000;           // of one file
inline constexpr size_t header_bytes_max = 1024 * 1024;  // a longer header is refused

// A public key that a file is encrypted to.
class Recipient {
 public:
  static Recipient x25519(std::array<std::byte, 32> public_key);
  // `work_factor` is the base-two logarithm of scrypt's N; age itself uses 18.
  static Recipient scrypt(Secret passphrase, unsigned work_factor = 18);

  bool is_scrypt() const;
  // "age1..." for X25519; empty for scrypt.
  std::string text() const;

  struct X25519Key {
    std::array<std::byte, 32> bytes;
  };
  struct ScryptKey {
    std::shared_ptr<const Secret> passphrase;
    unsigned work_factor;
  };
  using Key = std::variant<X25519Key, ScryptKey>;
  const Key& key() const { return key_; }

 private:
  explicit Recipient(Key key) : key_(std::move(key)) {}
  Key key_;
};

// A private key. Secrets stay in locked memory.
class Identity {
 public:
  static Identity x25519(Secret private_key);
  // Files that ask for more than 2^`work_factor_max` are refused with a hint (age: 22).
  static Identity scrypt(Secret passphrase, unsigned work_factor_max = 22);
  static Identity generate(Random& random);

  bool is_scrypt() const;
  // The matching public key; an X25519 identity only.
  Recipient recipient() const;
  // "AGE-SECRET-KEY-1..." in locked memory; an X25519 identity only.
  Secret text() const;

  struct X25519Key {
    std::shared_ptr<const Secret> bytes;
  };
  struct ScryptKey {
    std::shared_ptr<const Secret> passphrase;
    unsigned work_factor_max;
  };
  using Key = std::variant<X25519Key, ScryptKey>;
  const Key& key() const { return key_; }

 private:
  explicit Identity(Key key) : key_(std::move(key)) {}
  Key key_;
};

// One recipient, as `age -r` takes it. Throws Error(config) without echoing what may be a secret
// (an identity pasted by mistake), with hints for post-quantum, plugin and ssh keys.
Recipient parse_recipient(std::string_view text);
// A recipients file, as `age -R` takes it: one a line, '#' comments, blank lines. Errors name
// "<name>:<line>". An empty file is an error.
std::vector<Recipient> parse_recipients(std::string_view text, std::string_view name);
// An identity file, as `age -i` takes it: several keys, '#' comments. Errors name "<name>:<line>"
// and never show the line.
std::vector<Identity> parse_identities(std::string_view text, std::string_view name);
// What age-keygen writes: two comment lines and the key, in locked memory.
Secret print_identity_file(const Identity& identity, std::string_view created_utc);

// Encrypts what is written to `next`. The header is written with the first byte or at finish.
// scrypt must be the only recipient. At least one recipient: Error(config) otherwise.
class EncryptSink final : public Sink {
 public:
  EncryptSink(Sink& next, std::span<const Recipient> recipients, Random& random);
  ~EncryptSink() override;

 private:
  void do_write(ByteView data) override;
  void do_finish() override;
  struct State;
  std::unique_ptr<State> state_;
};

// Decrypts. The header is read at the first `read`. Every fault of the file is Error(crypto);
// plaintext of chunks before a damaged one has been given out by then, as age itself does.
// Keeps a reference to `input`; copies the identities (shared, locked).
class DecryptSource final : public Source {
 public:
  DecryptSource(Source& input, std::span<const Identity> identities);
  ~DecryptSource() override;
  size_t read(ByteSpan target) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// Decrypts any part of a binary (not armored) file. The constructor reads the header and the last
// chunk, and verifies that it is the last one.
class DecryptAccess final : public RandomAccess {
 public:
  DecryptAccess(RandomAccess& input, std::span<const Identity> identities);
  ~DecryptAccess() override;
  uint64_t size() const override;
  void read_at(uint64_t offset, ByteSpan target) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// ASCII armor around a binary file: https://c2sp.org/age#ascii-armor
class ArmorSink final : public Sink {
 public:
  explicit ArmorSink(Sink& next);
  ~ArmorSink() override;

 private:
  void do_write(ByteView data) override;
  void do_finish() override;
  struct State;
  std::unique_ptr<State> state_;
};

// Gives the binary file, whether `input` is armored or binary already. Strict about armor.
class DearmorSource final : public Source {
 public:
  explicit DearmorSource(Source& input);
  ~DearmorSource() override;
  size_t read(ByteSpan target) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace lifeboat::age
