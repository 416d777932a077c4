// SHA-256 over a stream, and MD5 where a protocol demands it, by OpenSSL.
#pragma once

#include <array>
#include <memory>
#include <string>

#include "base/bytes.h"

namespace lifeboat {

using Sha256Digest = std::array<std::byte, 32>;

// One pass over bytes. Not copyable; one thread at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(ByteView data);
  // The same bytes into two hashes, in one pass where processor and positions allow it.
  static void update_both(Sha256& left, Sha256& right, ByteView data);
  // The digest of all updates; the object starts anew afterwards.
  Sha256Digest finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Sha256Digest sha256(ByteView data);
// Lower-case hex, as manifests and indexes hold it.
std::string sha256_hex(ByteView data);

// MD5 is a checksum of the S3 protocol (Content-MD5 of RFC 1864, ETags), never a proof: anybody can
// make two texts of one MD5. A multipart object's ETag is the MD5 of its parts' digests, in order.
using Md5Digest = std::array<std::byte, 16>;
Md5Digest md5(ByteView data);
std::string md5_hex(ByteView data);
std::string md5_base64(ByteView data);

}  // namespace lifeboat
