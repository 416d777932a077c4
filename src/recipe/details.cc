#include "recipe/details.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

[[noreturn]] void refuse(std::string_view name, std::string_view expected) {
  throw Error(ErrorKind::verification, format("read facts: detail '{}' is not {}", name, expected));
}

const Json* find(const Json& details, std::string_view name) {
  const auto found = details.find(std::string(name));
  return found == details.end() ? nullptr : &*found;
}

}  // namespace

std::string detail_text(const Json& details, std::string_view name, std::string_view fallback) {
  const Json* value = find(details, name);
  if (value == nullptr) return std::string(fallback);
  if (!value->is_string()) refuse(name, "a string");
  return value->get<std::string>();
}

uint64_t detail_number(const Json& details, std::string_view name, uint64_t fallback) {
  const Json* value = find(details, name);
  if (value == nullptr) return fallback;
  const bool is_whole = value->is_number_integer() && *value >= 0;
  if (!is_whole) refuse(name, "a whole number");
  return value->get<uint64_t>();
}

std::vector<std::string> detail_list(const Json& details, std::string_view name) {
  const Json* value = find(details, name);
  if (value == nullptr) return {};
  if (!value->is_array()) refuse(name, "a list");
  std::vector<std::string> all;
  for (const Json& entry : *value) {
    if (!entry.is_string()) refuse(name, "a list of strings");
    all.push_back(entry.get<std::string>());
  }
  return all;
}

Json detail_object(const Json& details, std::string_view name) {
  const Json* value = find(details, name);
  if (value == nullptr) return Json::object();
  if (!value->is_object()) refuse(name, "an object");
  return *value;
}

bool is_inner_path(std::string_view path) {
  const std::vector<std::string> parts = split(path, '/');
  return std::none_of(parts.begin(), parts.end(), [](const std::string& part) {
    return part.empty() || part == "." || part == "..";
  });
}

}  // namespace lifeboat
