#include "config/signing.h"

#include "base/format.h"
#include "base/text.h"
#include "config/small_file.h"

namespace lifeboat {
namespace {

constexpr size_t key_bytes_max = 64 * 1024;

}  // namespace

std::optional<Ed25519PrivateKey> load_signing_key(const SigningConfig& signing) {
  if (!signing.key_file) return std::nullopt;
  const std::string shown = printable(signing.key_file->native());
  const auto fault = [&](std::string_view why, std::string hint) {
    return ConfigErrors({{signing.key_file_location, format("signing.key_file: {}", why), hint}});
  };
  const std::string how_to_make_one =
      format("Make one with: lifeboat keygen --signing -o {}", shown);
  SmallFile file;
  try {
    file = read_small_file(*signing.key_file, key_bytes_max);
  } catch (const Error& error) {
    throw fault(error.message(), how_to_make_one);
  }
  const Secret pem(file.text);
  wipe_text(file.text);
  if (const std::string secrecy = secrecy_fault(file); !secrecy.empty()) {
    throw fault(format("'{}' is refused: {}", shown, secrecy),
                format("Run: chmod 600 {} (and chown it to the user that runs backups).", shown));
  }
  try {
    return Ed25519PrivateKey::parse_pem(pem.reveal());
  } catch (const Error& error) {
    throw fault(format("'{}': {}", shown, error.message()), how_to_make_one);
  }
}

}  // namespace lifeboat
