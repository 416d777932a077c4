// An n8n on this host: its folder, and the key that its credentials are encrypted with.
#pragma once

#include <array>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/secret.h"
#include "recipe/recipe.h"

namespace lifeboat {

inline constexpr const char* n8n_database_name = "database.sqlite";
inline constexpr const char* n8n_config_name = "config";

// Folders of an n8n that hold what the database does not; `storage` since 2.x, `binaryData` before.
inline constexpr std::array<const char*, 2> n8n_binary_folders{"storage", "binaryData"};
inline constexpr std::array<const char*, 4> n8n_other_folders{"nodes", "custom", "ssh", "git"};

// The folder that holds database.sqlite: what the service's `path` or `volume` names, or `.n8n` in
// it. Throws Error(service) with a hint, also for an n8n that is not on SQLite.
std::filesystem::path find_n8n_folder(const Service& service, RecipeContext& context);

// The "encryptionKey" of a config file; nothing if it has none. Throws Error(service) if it is not
// a JSON object.
std::optional<Secret> key_of_n8n_config(std::string_view text);

// The passphrase that n8n makes of its key: one byte a UTF-16 unit, the upper byte dropped
// (Buffer.from(key, 'binary') in n8n-core's Cipher).
Secret n8n_passphrase(std::string_view key);

// What the archive's `config` holds and what is to be said of it.
struct N8nKey {
  std::string config_text;
  Secret passphrase;
  std::string warning;  // empty: nothing
};
// From the config file and the setting `encryption_key`. Throws Error(service) if neither has a
// key: a backup without it restores no credential.
N8nKey read_n8n_key(const Service& service, const std::filesystem::path& folder);

}  // namespace lifeboat
