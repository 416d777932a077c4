#include "snapshot/trust.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {

std::string distrust(const Manifest& manifest, const Trust& trust) {
  if (!trust.is_required()) return "";
  if (!manifest.signature) return "it is not signed";
  const Ed25519PublicKey& signer = manifest.signature->key;
  if (std::ranges::find(trust.keys, signer) != trust.keys.end()) return "";
  return format("it is signed by {}, which is not trusted here", signer.text());
}

void check_trust(const Manifest& manifest, const Trust& trust, std::string_view key) {
  const std::string reason = distrust(manifest, trust);
  if (reason.empty()) return;
  Error error(ErrorKind::verification, format("believe manifest '{}': {}", printable(key), reason));
  error.add_hint(
      "Whoever can write to the store may have put this snapshot there: do not use it unless you "
      "know where it comes from.");
  if (manifest.signature) {
    error.add_hint(format("If that key is yours, add it to signing.trusted, or give --trust {}.",
                          manifest.signature->key.text()));
  } else {
    error.add_hint(
        "If it was made before its host had signing.key_file, give --trust any to read it all the "
        "same.");
  }
  throw error;
}

}  // namespace lifeboat
