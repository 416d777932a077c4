// The textual header of an age file: https://c2sp.org/age#header
//
// Grammar only; what a stanza means is in wrap.h. The MAC is computed over the bytes as they were
// read, never over a header printed anew, so that no second spelling of one header can pass.
#pragma once

#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/error.h"
#include "codec/age/input.h"
#include "crypto/kdf.h"

namespace lifeboat::age {

struct Stanza {
  std::vector<std::string> arguments;  // at least one: the type
  Bytes body;
  const std::string& type() const { return arguments.front(); }
};

struct Header {
  std::vector<Stanza> stanzas;
  std::string authenticated;  // all bytes up to and including "---"
  HmacSha256 mac;
};

// Reads the header and leaves `input` at the payload. Throws Error(crypto) "read age header: ...".
Header read_header(Input& input);
// The text of a header, its MAC made with `file_key`.
std::string print_header(const std::vector<Stanza>& stanzas, ByteView file_key);
HmacSha256 header_mac(ByteView file_key, std::string_view authenticated);

// An Error(crypto) "read age header: <why>".
Error header_fault(std::string_view why);

}  // namespace lifeboat::age
