// For tests: the format of the public age test vectors, and a runner for them.
// https://github.com/C2SP/CCTV/blob/main/age/README.md
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "codec/age/age.h"

namespace lifeboat::age::test {

struct Vector {
  std::string expect;  // "success", "no match", "HMAC failure", "header failure", ...
  std::string payload_sha256;
  std::vector<Identity> identities;
  bool armored = false;
  bool compressed = false;  // in the vector; `file` never is
  std::string skip;         // why this one cannot be run here; empty when it can
  Bytes file;
};
Vector parse_vector(std::string_view text);

// What came of an attempt to decrypt: in the words of `expect`, and all that was released.
struct Outcome {
  std::string result;
  Bytes released;
  std::string message;
};
Outcome decrypt_stream(const Vector& vector);
// Through DecryptAccess, from front to back.
Outcome decrypt_at_random(const Vector& vector);

// Adds a test failure for every way in which `vector` is not dealt with as it expects.
void check_vector(const Vector& vector);

}  // namespace lifeboat::age::test
