#include "recipe/grafana/secrets.h"

#include <functional>

#include "base/error.h"
#include "base/format.h"
#include "base/json.h"
#include "base/text.h"
#include "crypto/aes_cfb.h"
#include "crypto/base64.h"
#include "recipe/grafana/api.h"

namespace lifeboat {
namespace {

constexpr size_t salt_bytes = 8;
constexpr unsigned rounds = 10'000;
constexpr char envelope_mark = '#';
constexpr char algorithm_mark = '*';
constexpr const char* own_provider = "secretKey";

[[noreturn]] void fail(const std::string& why) {
  throw Error(ErrorKind::crypto, "decrypt a secret of Grafana: " + why);
}

// Standard base64, with or without its padding: Grafana uses both.
std::string decode(std::string_view text) {
  std::string padded(text);
  while (padded.size() % 4 != 0) padded += '=';
  const std::optional<Secret> decoded = base64_decode_secret(padded);
  if (!decoded) fail("it is not base64");
  return std::string(decoded->reveal());
}

// Cuts what stands between two `mark`s off the front of `sealed`, decoded; "" if it is not there.
std::string take_marked(std::string_view& sealed, char mark) {
  if (sealed.empty() || sealed.front() != mark) return "";
  const size_t end = sealed.find(mark, 1);
  if (end == std::string_view::npos) return "";
  const std::string_view marked = sealed.substr(1, end - 1);
  sealed.remove_prefix(end + 1);
  return decode(marked);
}

Secret open_under(std::string_view sealed, std::string_view passphrase) {
  const std::string algorithm = take_marked(sealed, algorithm_mark);
  if (!algorithm.empty() && algorithm != "aes-cfb") {
    fail(format("its algorithm '{}' is not known", printable(algorithm)));
  }
  if (sealed.size() < salt_bytes + aes_block_bytes) fail("it is too short");
  const Secret key =
      pbkdf2_sha256(as_bytes(passphrase), as_bytes(sealed.substr(0, salt_bytes)), rounds);
  return aes256_cfb_decrypt(key.view(), as_bytes(sealed.substr(salt_bytes, aes_block_bytes)),
                            as_bytes(sealed.substr(salt_bytes + aes_block_bytes)));
}

// UTF-8 without control characters but those of lines; by hand, since a copy would leave a trace.
bool reads_as_text(std::string_view plain) {
  for (size_t at = 0; at < plain.size();) {
    const auto lead = static_cast<unsigned char>(plain[at++]);
    const bool is_line = lead == '\n' || lead == '\r' || lead == '\t';
    if ((lead < 0x20 && !is_line) || lead == 0x7F || (lead >= 0x80 && lead < 0xC2) || lead > 0xF4) {
      return false;
    }
    const int more = lead < 0x80 ? 0 : lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    for (int next = 0; next < more; ++next, ++at) {
      if (at == plain.size() || (static_cast<unsigned char>(plain[at]) & 0xC0u) != 0x80) {
        return false;
      }
    }
  }
  return true;
}

bool reads_as_json(std::string_view plain) { return Json::accept(plain.begin(), plain.end()); }

// Every secret of the database: told to `visit` with its name for people, its sealed bytes in
// base64 and whether it holds JSON.
struct SealedSecret {
  std::string name;
  std::string base64;
  bool is_json = false;
};
using Visit = std::function<void(const SealedSecret&)>;

void visit_object(const Json& object, const std::string& of, const Visit& visit) {
  if (!object.is_object()) return;
  for (const auto& [name, value] : object.items()) {
    if (!value.is_string() || value.get_ref<const std::string&>().empty()) continue;
    visit({format("{}, {}", of, printable(name)), value.get_ref<const std::string&>()});
  }
}

void visit_column(SqliteDatabase& database, const char* table, const std::string& columns,
                  const char* what, const Visit& visit) {
  if (!database.has_table(table)) return;
  SqliteStatement rows = database.prepare(format("SELECT {} FROM {}", columns, sql_name(table)));
  while (rows.step()) {
    const Json object = Json::parse(rows.text(1), nullptr, false);
    visit_object(object, format("{} '{}'", what, printable(rows.text(0))), visit);
  }
}

void visit_receivers(SqliteDatabase& database, const Visit& visit) {
  if (!database.has_table("alert_configuration")) return;
  SqliteStatement rows =
      database.prepare("SELECT alertmanager_configuration FROM alert_configuration");
  while (rows.step()) {
    const Json config = Json::parse(rows.text(0), nullptr, false);
    if (!config.is_object() || !config.contains("alertmanager_config")) continue;
    for (const Json& receiver : grafana_items(config["alertmanager_config"], "receivers")) {
      for (const Json& one : grafana_items(receiver, "grafana_managed_receiver_configs")) {
        if (!one.is_object() || !one.contains("secureSettings")) continue;
        visit_object(one["secureSettings"],
                     format("contact point '{}'", printable(grafana_text_or_empty(one, "name"))),
                     visit);
      }
    }
  }
}

void visit_secrets(SqliteDatabase& database, const Visit& visit) {
  visit_column(database, "data_source", "name, secure_json_data", "data source", visit);
  visit_column(database, "plugin_setting", "plugin_id, secure_json_data", "plugin", visit);
  visit_receivers(database, visit);
  if (!database.has_table("secrets")) return;
  SqliteStatement rows = database.prepare("SELECT namespace, type, value FROM secrets");
  while (rows.step()) {
    visit({format("{} '{}'", printable(rows.text(1)), printable(rows.text(0))),
           std::string(rows.text(2)), rows.text(1) == "datasource"});
  }
}

}  // namespace

GrafanaCipher::GrafanaCipher(SqliteDatabase& database, std::string_view secret_key)
    : secret_key_(secret_key) {
  if (!database.has_table("data_keys")) return;
  SqliteStatement rows = database.prepare("SELECT name, provider, encrypted_data FROM data_keys");
  while (rows.step()) {
    const std::string id(rows.text(0));
    if (!rows.text(1).starts_with(own_provider)) {
      foreign_keys_.insert(id);
      continue;
    }
    try {
      data_keys_.emplace(id, open_under(rows.text(2), secret_key));
    } catch (const Error&) {  // a broken key is one that is not there, for what lies under it
    }
  }
}

Secret GrafanaCipher::decrypt(std::string_view sealed) const {
  const std::string id = take_marked(sealed, envelope_mark);
  if (id.empty()) return open_under(sealed, secret_key_.reveal());
  if (foreign_keys_.contains(id)) fail("a KMS keeps its key");
  const auto key = data_keys_.find(id);
  if (key == data_keys_.end()) fail(format("data key '{}' is not there", printable(id)));
  return open_under(sealed, key->second.reveal());
}

bool GrafanaCipher::has_foreign_key(std::string_view sealed) const {
  return foreign_keys_.contains(take_marked(sealed, envelope_mark));
}

std::string grafana_seal(std::string_view plaintext, std::string_view passphrase, Random& random) {
  std::string head(salt_bytes + aes_block_bytes, '\0');
  random.fill(std::as_writable_bytes(std::span(head)));
  const std::string_view salt = std::string_view(head).substr(0, salt_bytes);
  const Secret key = pbkdf2_sha256(as_bytes(passphrase), as_bytes(salt), rounds);
  const Bytes sealed = aes256_cfb_encrypt(
      key.view(), as_bytes(std::string_view(head).substr(salt_bytes)), as_bytes(plaintext));
  return "*YWVzLWNmYg*" + head + std::string(as_text(sealed));
}

GrafanaSecretTest test_grafana_secrets(SqliteDatabase& database, std::string_view secret_key) {
  const GrafanaCipher cipher(database, secret_key);
  GrafanaSecretTest test;
  visit_secrets(database, [&](const SealedSecret& one) {
    ++test.total;
    try {
      const std::string sealed = decode(one.base64);
      if (cipher.has_foreign_key(sealed)) {
        --test.total;
        ++test.unknown;
        return;
      }
      const Secret plain = cipher.decrypt(sealed);
      const bool is_good =
          one.is_json ? reads_as_json(plain.reveal()) : reads_as_text(plain.reveal());
      if (!is_good) test.failing.push_back(one.name);
    } catch (const Error& error) {
      test.failing.push_back(format("{} ({})", one.name, error.message()));
    }
  });
  return test;
}

GrafanaSourceSecrets grafana_source_secrets(SqliteDatabase& database, std::string_view secret_key) {
  const GrafanaCipher cipher(database, secret_key);
  GrafanaSourceSecrets all;
  SqliteStatement rows = database.prepare("SELECT org_id, uid, secure_json_data FROM data_source");
  while (rows.step()) {
    const Json object = Json::parse(rows.text(2), nullptr, false);
    if (!object.is_object()) continue;
    for (const auto& [name, value] : object.items()) {
      if (!value.is_string()) continue;
      Secret plain = cipher.decrypt(decode(value.get_ref<const std::string&>()));
      if (!reads_as_text(plain.reveal())) fail("the key does not fit");
      all[{rows.integer(0), std::string(rows.text(1))}].emplace(name, std::move(plain));
    }
  }
  return all;
}

}  // namespace lifeboat
