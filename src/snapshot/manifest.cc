#include "snapshot/manifest.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/short_text.h"
#include "base/text.h"
#include "crypto/base64.h"
#include "crypto/hash.h"
#include "snapshot/json_fields.h"
#include "snapshot/layout.h"

namespace lifeboat {
namespace {

constexpr size_t text_bytes_max = 500;
constexpr size_t list_entries_max = 20;
constexpr const char* member_signed_by = "signed_by";
constexpr const char* member_signature = "signature";

// All of these give what they made unchanged when applied once more, or parsing could not compare.
std::string clip(std::string_view text) { return clip_text(text, text_bytes_max); }

Json clip_all(const std::vector<std::string>& texts) {
  Json list = Json::array();
  const bool cut = texts.size() > list_entries_max;
  const size_t kept = cut ? list_entries_max - 1 : texts.size();
  for (size_t index = 0; index < kept; ++index) list.push_back(clip(texts[index]));
  if (cut) list.push_back(format("and {} more", texts.size() - kept));
  return list;
}

Json object_to_json(const std::string& key, const StreamSummary& stream) {
  return {{"key", key}, {"bytes", stream.bytes}, {"sha256", stream.sha256}};
}

Json service_to_json(const ManifestService& service) {
  Json items = Json::array();
  for (const ManifestItem& item : service.items) {
    items.push_back({{"key", clip(item.key)}, {"count", item.count}});
  }
  return {{"name", clip(service.name)},
          {"recipe", clip(service.recipe)},
          {"ok", service.ok},
          {"error", clip(service.error)},
          {"hints", clip_all(service.hints)},
          {"warnings", clip_all(service.warnings)},
          {"missing", clip_all(service.missing)},
          {"members", service.members},
          {"raw_bytes", service.raw_bytes},
          {"items", std::move(items)}};
}

StreamSummary read_stream(JsonFields& fields) {
  StreamSummary stream;
  stream.bytes = fields.number("bytes");
  stream.sha256 = fields.sha256("sha256");
  fields.done();
  return stream;
}

ManifestService read_service(const Json& value, std::string_view what) {
  JsonFields fields(value, format("a service of {}", what));
  ManifestService service;
  // It becomes a path below what is restored.
  service.name = fields.text("name");
  if (service.name.find('/') != std::string::npos || service.name == "." || service.name == "..") {
    fields.fail("name", "is not a service's name");
  }
  service.recipe = fields.text("recipe");
  service.ok = fields.flag("ok");
  service.error = fields.text("error");
  service.hints = fields.texts("hints");
  service.warnings = fields.texts("warnings");
  service.missing = fields.texts("missing");
  service.members = fields.number("members");
  service.raw_bytes = fields.number("raw_bytes");
  for (const Json& entry : fields.array("items")) {
    JsonFields item(entry, format("an item of {}", what));
    service.items.push_back({item.text("key"), item.number("count")});
    item.done();
  }
  fields.done();
  return service;
}

// The keys in it must be those of one snapshot of its host.
void check_keys(const Manifest& manifest, std::string_view what) {
  const std::optional<SnapshotId> id = parse_archive_key(manifest.archive_key);
  if (id && id->host == manifest.host && id->index_key() == manifest.index_key) return;
  throw Error(ErrorKind::verification,
              format("read {}: its host, archive and index do not belong together", what));
}

std::optional<ManifestSignature> read_signature(JsonFields& fields) {
  if (!fields.has(member_signed_by)) return std::nullopt;  // a "signature" alone is unknown
  const auto key = Ed25519PublicKey::parse(fields.text(member_signed_by));
  if (!key) fields.fail(member_signed_by, "is not an Ed25519 public key");
  const auto bytes = base64_decode_secret(fields.text(member_signature));
  ManifestSignature signature{*key, {}};
  if (!bytes || bytes->size() != signature.value.size()) {
    fields.fail(member_signature, "is not an Ed25519 signature in base64");
  }
  std::ranges::copy(bytes->view(), signature.value.begin());
  return signature;
}

Manifest read_fields(const Json& value, std::string_view what) {
  JsonFields fields(value, std::string(what));
  check_format(fields, what);
  Manifest manifest;
  manifest.tool = fields.text("tool");
  manifest.host = fields.text("host");
  manifest.job = fields.text("job");
  manifest.started = fields.time("started");
  manifest.finished = fields.time("finished");
  JsonFields archive(fields.value("archive"), format("the archive of {}", what));
  manifest.archive_key = archive.text("key");
  manifest.archive = read_stream(archive);
  JsonFields raw(fields.value("raw"), format("the raw archive of {}", what));
  manifest.raw = read_stream(raw);
  JsonFields index(fields.value("index"), format("the index of {}", what));
  manifest.index_key = index.text("key");
  manifest.index = read_stream(index);
  manifest.members = fields.number("members");
  manifest.recipients = fields.texts("recipients");
  for (const Json& service : fields.array("services")) {
    manifest.services.push_back(read_service(service, what));
  }
  manifest.signature = read_signature(fields);
  fields.sha256("sha256");
  fields.done();
  check_keys(manifest, what);
  return manifest;
}

// All lines that a signature is over.
std::string print_body(const Manifest& manifest) {
  std::string text = print_json(manifest_to_json(manifest));
  // "\n}\n" ends it; more lines take its place.
  text.resize(text.size() - 3);
  return text += ",\n";
}

// The hash was compared before: what does not fit here was changed and hashed anew.
void check_signature(const Manifest& manifest, std::string_view what) {
  const auto& signature = manifest.signature;
  if (!signature) return;
  if (signature->key.verify(as_bytes(print_body(manifest)), signature->value)) return;
  throw Error(ErrorKind::verification,
              format("read {}: it is not what {} signed", what, signature->key.text()))
      .hint(
          "Someone changed it after it was signed: restore the file from a copy, or use another "
          "snapshot, and find out who can write to the store.");
}

}  // namespace

bool Manifest::is_partial() const {
  return std::any_of(services.begin(), services.end(),
                     [](const ManifestService& service) { return !service.ok; });
}

Json manifest_to_json(const Manifest& manifest) {
  Json recipients = Json::array();
  for (const std::string& recipient : manifest.recipients) recipients.push_back(clip(recipient));
  Json services = Json::array();
  for (const ManifestService& service : manifest.services) {
    services.push_back(service_to_json(service));
  }
  Json value = {{"format", static_cast<uint64_t>(manifest_format)},
                {"tool", clip(manifest.tool)},
                {"host", manifest.host},
                {"job", clip(manifest.job)},
                {"started", print_time(manifest.started)},
                {"finished", print_time(manifest.finished)},
                {"archive", object_to_json(manifest.archive_key, manifest.archive)},
                {"raw", {{"bytes", manifest.raw.bytes}, {"sha256", manifest.raw.sha256}}},
                {"index", object_to_json(manifest.index_key, manifest.index)},
                {"members", manifest.members},
                {"recipients", std::move(recipients)},
                {"services", std::move(services)}};
  if (manifest.signature) value[member_signed_by] = manifest.signature->key.text();
  return value;
}

void sign_manifest(Manifest& manifest, const Ed25519PrivateKey& key) {
  manifest.signature.emplace(ManifestSignature{key.public_key(), {}});  // its name is signed too
  manifest.signature->value = key.sign(as_bytes(print_body(manifest)));
}

std::string print_manifest(const Manifest& manifest) {
  std::string text = print_body(manifest);
  if (manifest.signature) {
    text += format("  \"{}\": \"{}\",\n", member_signature,
                   base64_encode_standard(manifest.signature->value));
  }
  text += format("  \"sha256\": \"{}\"\n}}\n", sha256_hex(as_bytes(text)));
  if (text.size() > manifest_bytes_max) {
    throw Error(ErrorKind::limit, format("write the manifest of '{}': it is larger than {}",
                                         manifest.archive_key, print_bytes(manifest_bytes_max)));
  }
  return text;
}

Manifest parse_manifest(std::string_view text, std::string_view key) {
  const std::string what = format("manifest '{}'", printable(key));
  if (text.size() > manifest_bytes_max) {
    throw Error(ErrorKind::verification,
                format("read {}: it is larger than {}", what, print_bytes(manifest_bytes_max)));
  }
  Manifest manifest = read_fields(parse_json(text, what), what);
  // One comparison stands for them all: the hash, the order of members, numbers and spelling.
  if (print_manifest(manifest) != text) {
    throw Error(ErrorKind::verification, format("read {}: it is damaged or was edited", what))
        .hint(
            "Its last line but one must be the SHA-256 of the lines before; restore the file "
            "from a copy, or use another snapshot.");
  }
  check_signature(manifest, what);
  return manifest;
}

}  // namespace lifeboat
