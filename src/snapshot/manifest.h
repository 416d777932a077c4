// The commit record of a snapshot: plain JSON, written last. No manifest, no snapshot.
//
// It is printed in exactly one way and read back only if printing gives the same bytes again, and
// its last member is the SHA-256 of all that stands before it. So every damaged bit and every
// missing byte is refused. A hash is no proof of who wrote it, since anybody can hash and encrypt
// to a public key: a host with a signing key adds its public half ("signed_by") and, on the line
// before the hash, an Ed25519 signature. Both are of all lines before their own, line feeds
// included, so a person checks them with
//
//   head -n -2 manifest.json | sha256sum
//   head -n -3 manifest.json > signed, and openssl as docs/FORMAT.md shows
//
// A signature that does not fit is refused whoever is trusted; whose is wanted: snapshot/trust.h.
//
// Texts from elsewhere (errors, warnings ...) are made printable and cut to 500 bytes, lists of
// them to 20 entries, so that thousands of warnings cannot cost the manifest of a good backup.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/error.h"
#include "base/json.h"
#include "crypto/ed25519.h"
#include "io/tap.h"

namespace lifeboat {

inline constexpr int manifest_format = 1;
// Nothing is wrong with the snapshot: a newer program can read it.
class NewerFormat : public Error {
 public:
  using Error::Error;
};
inline constexpr size_t manifest_bytes_max = 4 * 1024 * 1024;

struct ManifestItem {
  std::string key;
  uint64_t count = 0;
  friend bool operator==(const ManifestItem&, const ManifestItem&) = default;
};

// How one service fared.
struct ManifestService {
  std::string name;
  std::string recipe;
  bool ok = false;
  std::string error;  // of a failed one: message, no secrets
  std::vector<std::string> hints;
  std::vector<std::string> warnings;
  std::vector<std::string> missing;  // what the backup does not hold, and why
  uint64_t members = 0;
  uint64_t raw_bytes = 0;  // sum of its members' stored bytes
  std::vector<ManifestItem> items;
  friend bool operator==(const ManifestService&, const ManifestService&) = default;
};

// Who vouches for a manifest.
struct ManifestSignature {
  Ed25519PublicKey key;
  Ed25519Signature value{};
  friend bool operator==(const ManifestSignature&, const ManifestSignature&) = default;
};

struct Manifest {
  std::string tool;  // "lifeboat 0.1.0"
  std::string host;
  std::string job;
  Timestamp started{};  // whole seconds
  Timestamp finished{};
  std::string archive_key;
  StreamSummary archive;  // stored bytes: what lies in the store
  StreamSummary raw;      // the tar stream inside
  std::string index_key;
  StreamSummary index;
  uint64_t members = 0;
  std::vector<std::string> recipients;  // "age1..."
  std::vector<ManifestService> services;
  std::optional<ManifestSignature> signature;  // nothing: unsigned

  bool is_partial() const;  // some service failed
  friend bool operator==(const Manifest&, const Manifest&) = default;
};

// Signs what is in it now, in place of an older signature. Whatever changes later, the signature
// does not fit.
void sign_manifest(Manifest& manifest, const Ed25519PrivateKey& key);
// Throws Error(limit) beyond manifest_bytes_max.
std::string print_manifest(const Manifest& manifest);
// Throws Error(verification) naming `key`; a newer format says so with a hint. The host and the
// keys of archive and index must be those of one snapshot, and a signature must fit.
Manifest parse_manifest(std::string_view text, std::string_view key);
// The manifest as --json output shows it: as printed, but without "signature" and "sha256".
Json manifest_to_json(const Manifest& manifest);

}  // namespace lifeboat
