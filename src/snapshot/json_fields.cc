#include "snapshot/json_fields.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "snapshot/manifest.h"

namespace lifeboat {

JsonFields::JsonFields(const Json& object, std::string what)
    : object_(object), what_(std::move(what)) {
  if (!object_.is_object()) {
    throw Error(ErrorKind::verification, format("read {}: it is not a JSON object", what_));
  }
}

void JsonFields::fail(std::string_view name, std::string_view fault) const {
  throw Error(ErrorKind::verification,
              format("read {}: member '{}' {}", what_, printable(name), fault));
}

const Json& JsonFields::value(const char* name) {
  const auto found = object_.find(name);
  if (found == object_.end()) fail(name, "is missing");
  seen_.push_back(name);
  return *found;
}

const Json& JsonFields::array(const char* name) {
  const Json& found = value(name);
  if (!found.is_array()) fail(name, "is not a list");
  return found;
}

std::string JsonFields::text(const char* name) {
  const Json& found = value(name);
  if (!found.is_string()) fail(name, "is not a text");
  return found.get<std::string>();
}

uint64_t JsonFields::number(const char* name, uint64_t max) {
  const Json& found = value(name);
  if (!found.is_number_unsigned() || found.get<uint64_t>() > max) {
    fail(name, format("is not a whole number up to {}", max));
  }
  return found.get<uint64_t>();
}

int64_t JsonFields::signed_number(const char* name) {
  const Json& found = value(name);
  const bool too_large =
      found.is_number_unsigned() && found.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX);
  if (!found.is_number_integer() || too_large) fail(name, "is not a whole number");
  return found.get<int64_t>();
}

bool JsonFields::flag(const char* name) {
  const Json& found = value(name);
  if (!found.is_boolean()) fail(name, "is not true or false");
  return found.get<bool>();
}

Timestamp JsonFields::time(const char* name) {
  const std::string found = text(name);
  try {
    return parse_time(found);
  } catch (const Error&) {
    fail(name, "is not a UTC time");
  }
}

std::string JsonFields::sha256(const char* name) {
  std::string found = text(name);
  if (!is_sha256(found)) fail(name, "is not a SHA-256 in 64 hex digits");
  return found;
}

std::vector<std::string> JsonFields::texts(const char* name) {
  std::vector<std::string> found;
  for (const Json& entry : array(name)) {
    if (!entry.is_string()) fail(name, "is not a list of texts");
    found.push_back(entry.get<std::string>());
  }
  return found;
}

void JsonFields::done() const {
  for (const auto& member : object_.items()) {
    if (std::find(seen_.begin(), seen_.end(), member.key()) == seen_.end()) {
      fail(member.key(), "is unknown");
    }
  }
}

void check_format(JsonFields& fields, std::string_view what) {
  constexpr uint64_t known = 1;
  const uint64_t found = fields.number("format");
  if (found == known) return;
  const std::string text =
      format("read {}: it has format {}, this lifeboat knows {}", what, found, known);
  if (found < known) throw Error(ErrorKind::verification, text);
  NewerFormat error(ErrorKind::verification, text);
  error.add_hint("A newer lifeboat wrote it: update this one to read it.");
  throw error;
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

}  // namespace lifeboat
