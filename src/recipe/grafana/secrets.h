// Secrets as Grafana keeps them in its database, and the key that opens them. Private to the
// recipe.
//
// A secret is AES-256-CFB under a key that PBKDF2 makes of a passphrase and the secret's own salt:
//   [ '*' base64("aes-cfb") '*' ] salt (8 bytes) IV (16 bytes) ciphertext
// The passphrase is `secret_key` of the configuration; or, since Grafana 9 ("envelope"), a data key
// that is itself kept so in the table data_keys:
//   '#' base64(id of the data key) '#' and what stands above
// Data keys of a KMS (provider "awskms..." and the like, Enterprise) cannot be opened here.
//
// CFB has no authentication: with a wrong key every secret "opens" to noise. So a plaintext counts
// only if it reads as text, or as JSON where it must be.
// As in grafana/grafana: pkg/services/encryption, pkg/services/secrets/manager.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/secret.h"
#include "recipe/sqlite/sqlite.h"

namespace lifeboat {

// What Grafana uses where nobody set a key: as public as this line.
inline constexpr std::string_view grafana_default_key = "SW2YcwTIb9zpOOhoPsMm";

class GrafanaCipher {
 public:
  // Reads the data keys that `database` has; it must outlive this.
  GrafanaCipher(SqliteDatabase& database, std::string_view secret_key);
  // Throws Error(crypto), without a word of the content, for a broken form, an unknown algorithm
  // or data key. A wrong key is not noticed here.
  Secret decrypt(std::string_view sealed) const;
  // Whether its data key is kept by a KMS.
  bool has_foreign_key(std::string_view sealed) const;

 private:
  Secret secret_key_;
  std::map<std::string, Secret> data_keys_;
  std::set<std::string> foreign_keys_;
};
// The inverse without an envelope, for tests.
std::string grafana_seal(std::string_view plaintext, std::string_view passphrase, Random& random);

struct GrafanaSecretTest {
  uint64_t total = 0;
  std::vector<std::string> failing;  // which ones, for people: "data source 'Orders', password"
  uint64_t unknown = 0;              // under a key that is not Grafana's own: not judged
};
// Tries every secret of data sources, plugins, contact points and the table `secrets`.
GrafanaSecretTest test_grafana_secrets(SqliteDatabase& database, std::string_view secret_key);

// The secrets of all data sources, by organization and uid, then by name.
using GrafanaSourceSecrets =
    std::map<std::pair<int64_t, std::string>, std::map<std::string, Secret>>;
GrafanaSourceSecrets grafana_source_secrets(SqliteDatabase& database, std::string_view secret_key);

}  // namespace lifeboat
