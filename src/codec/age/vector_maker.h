// For tests: writes age files piece by piece, so that each piece can be wrong.
//
// It shares with the code under test the primitives of the crypto room and base64, nothing else.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "crypto/x25519.h"
#include "support/doubles.h"

namespace lifeboat::age::test {

struct StanzaText {
  std::string arguments;  // "-> X25519 ..."
  std::string body;
};

class VectorMaker {
 public:
  VectorMaker();

  VectorMaker& raw(std::string_view text);
  VectorMaker& line(std::string_view text) { return raw(text).raw("\n"); }
  // The version line; the runner is given the identity.
  VectorMaker& begin() { return identity().line("age-encryption.org/v1"); }
  // A whole good header for that identity.
  VectorMaker& header() { return begin().x25519().mac(); }
  // A stanza's body, wrapped and ended as the format wants it.
  VectorMaker& body(ByteView bytes);
  // Stanzas for the identity that is given to the runner, and for one that is not.
  VectorMaker& x25519() { return add(x25519_stanza(own_key_)); }
  VectorMaker& x25519_of_another() { return add(x25519_stanza(other_key_)); }
  VectorMaker& scrypt(std::string_view passphrase, unsigned work_factor = 1);
  VectorMaker& add(const StanzaText& stanza) { return line(stanza.arguments).line(stanza.body); }
  VectorMaker& mac();
  VectorMaker& nonce();
  VectorMaker& chunk(ByteView plain, bool last);
  VectorMaker& payload(std::string_view plain = "age") {
    return nonce().chunk(as_bytes(plain), true);
  }
  VectorMaker& flip_last_byte();
  VectorMaker& drop(size_t last_bytes);

  // Stanzas to be changed before they are added.
  StanzaText x25519_stanza(ByteView private_key);
  StanzaText x25519_stanza_with(const X25519Point& share, size_t file_key_size = 16);
  StanzaText scrypt_stanza(std::string_view passphrase, unsigned work_factor,
                           size_t file_key_size = 16);
  StanzaText own_x25519_stanza() { return x25519_stanza(own_key_); }

  // What the runner is given, and what it shall see.
  VectorMaker& identity();
  VectorMaker& passphrase(std::string_view text);
  VectorMaker& expect(std::string_view result);
  // The failure comes when so many bytes of the payload were released.
  VectorMaker& expect_payload_failure(size_t released);
  // Replaces the file by the armored one; `change` may then spoil the lines.
  VectorMaker& armor(std::string_view line_end = "\n");
  VectorMaker& replace(std::string_view from, std::string_view to);

  const std::string& file() const { return file_; }
  // The whole vector as text.
  std::string print() const;

 private:
  std::string wrapped(ByteView wrap_key, size_t file_key_size);
  Bytes random(size_t size) { return random_.bytes(size); }

  lifeboat::test::SeededRandom random_{42};
  Bytes own_key_;
  Bytes other_key_;
  Bytes file_key_;
  Bytes payload_key_;
  unsigned char chunks_ = 0;
  Bytes plain_;
  std::string file_;
  std::string keys_;
  std::string expect_ = "success";
  bool armored_ = false;
};

struct Case {
  const char* name;
  void (*make)(VectorMaker& file);
};
// Prints each case as a vector, parses that and checks what the runner says.
void check_cases(std::initializer_list<Case> cases);

// Another spelling of the same bytes, which only a lax decoder takes.
std::string not_canonical(std::string base64);

}  // namespace lifeboat::age::test
