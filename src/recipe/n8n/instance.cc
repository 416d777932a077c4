#include "recipe/n8n/instance.h"

#include "base/format.h"
#include "io/no_links.h"
#include "recipe/volume/locate.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t config_bytes_max = 1 << 20;

bool has_database(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / n8n_database_name, ignored);
}

// n8n uses the key as text, so it may be wiped no better than JSON allows.
std::optional<Secret> key_member(const Json& config) {
  const auto found = config.find("encryptionKey");
  if (found == config.end() || !found->is_string()) return std::nullopt;
  return Secret(found->get_ref<const std::string&>());
}

Json parse_config(std::string_view text) {
  Json config;
  try {
    config = parse_json(text, "n8n's config");
  } catch (const Error&) {  // its words quote the text, and the text is a key
  }
  if (!config.is_object()) {
    throw Error(ErrorKind::service, "read n8n's config: it is not a JSON object")
        .hint("n8n writes {\"encryptionKey\": \"...\"} there; repair it before n8n restarts.");
  }
  return config;
}

}  // namespace

fs::path find_n8n_folder(const Service& service, RecipeContext& context) {
  const fs::path folder = locate_folder(service, context);
  if (has_database(folder)) return folder;
  if (has_database(folder / ".n8n")) return folder / ".n8n";
  throw Error(ErrorKind::service,
              format("find n8n's database in '{}': there is no {}, nor in its folder .n8n",
                     folder.native(), n8n_database_name))
      .hint("Give the folder or volume that n8n's container has at /home/node/.n8n.")
      .hint(
          "Is this n8n on PostgreSQL (DB_TYPE=postgresdb)? Then protect the database with a "
          "service of its own, and this folder, which holds the key, with the recipe 'volume'.");
}

std::optional<Secret> key_of_n8n_config(std::string_view text) {
  return key_member(parse_config(text));
}

Secret n8n_passphrase(std::string_view key) {
  Secret bytes(key.size());
  size_t size = 0;
  const auto put = [&](uint32_t unit) { bytes.span()[size++] = static_cast<std::byte>(unit); };
  for (size_t at = 0; at < key.size();) {
    const auto lead = static_cast<unsigned char>(key[at]);
    const size_t length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
    uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t next = 1; next < length && at + next < key.size(); ++next) {
      point = point << 6 | (static_cast<unsigned char>(key[at + next]) & 0x3Fu);
    }
    at += length;
    if (point >= 0x10000) put((point - 0x10000) >> 10);  // the lower byte of the high surrogate
    put(point);
  }
  bytes.truncate(size);
  return bytes;
}

N8nKey read_n8n_key(const Service& service, const fs::path& folder) {
  const fs::path file = folder / n8n_config_name;
  const auto setting = service.settings.secret("encryption_key");
  std::error_code ignored;
  const bool is_there = fs::exists(file, ignored);
  N8nKey made;
  if (is_there) made.config_text = read_file_without_links(file, config_bytes_max);
  Json config = is_there ? parse_config(made.config_text) : Json::object();
  const std::optional<Secret> stored = key_member(config);
  if (stored) {
    made.passphrase = n8n_passphrase(stored->reveal());
    if (setting && setting->reveal() != stored->reveal()) {
      made.warning = format(
          "The key in '{}' is not the one of 'encryption_key'. The archive holds "
          "the file; one of the two is wrong.",
          file.native());
    }
    return made;
  }
  if (!setting || setting->empty()) {
    throw Error(ErrorKind::service, format("find n8n's encryption key: '{}' {}", file.native(),
                                           is_there ? "has none" : "does not exist"))
        .hint(
            "If n8n gets its key by N8N_ENCRYPTION_KEY, set 'encryption_key' to the same value: "
            "without the key no credential can ever be restored.");
  }
  config["encryptionKey"] = setting->reveal();
  made.config_text = config.dump(1, '\t');  // as n8n writes it
  made.passphrase = n8n_passphrase(setting->reveal());
  made.warning = format("'{}' has no key; the archive's config was made from 'encryption_key'.",
                        file.native());
  return made;
}

}  // namespace lifeboat
