#include "recipe/traefik/acme.h"

#include <strings.h>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "crypto/base64.h"

namespace lifeboat {
namespace {

[[noreturn]] void refuse(std::string_view why) {
  throw Error(ErrorKind::verification, format("read acme.json: {}", why));
}

// Null if there is no such member, or if it is JSON's null.
const Json* member(const Json& object, const char* name) {
  for (const auto& [key, value] : object.items()) {
    if (::strcasecmp(key.c_str(), name) == 0) return value.is_null() ? nullptr : &value;
  }
  return nullptr;
}

std::string text_member_of(const Json& object, const char* name) {
  const Json* value = member(object, name);
  if (value == nullptr || !value->is_string()) refuse(format("'{}' is not a string", name));
  return value->get<std::string>();
}

AcmeCertificate certificate_from(const std::string& resolver, const Json& value) {
  if (!value.is_object()) refuse("a certificate is not an object");
  const Json* domain = member(value, "domain");
  if (domain == nullptr || !domain->is_object()) refuse("a certificate has no 'domain'");
  AcmeCertificate certificate{resolver,
                              text_member_of(*domain, "main"),
                              {},
                              text_member_of(value, "certificate"),
                              text_member_of(value, "key")};
  const Json* sans = member(*domain, "sans");
  if (sans == nullptr) return certificate;
  if (!sans->is_array()) refuse("'sans' is not a list");
  for (const Json& name : *sans) {
    if (!name.is_string()) refuse("'sans' is not a list of strings");
    certificate.sans.push_back(name.get<std::string>());
  }
  return certificate;
}

Json parse_quietly(std::string_view text) {
  try {
    return parse_json(text, "acme.json");
  } catch (const Error&) {
    // The parser's own words quote what it read last, which may be a private key.
    refuse("not valid JSON");
  }
}

}  // namespace

std::vector<AcmeCertificate> parse_acme(std::string_view text) {
  std::vector<AcmeCertificate> all;
  if (trim(text).empty()) return all;
  const Json acme = parse_quietly(text);
  if (!acme.is_object()) refuse("not an object");
  for (const auto& [resolver, value] : acme.items()) {
    if (value.is_null()) continue;
    if (!value.is_object()) refuse("a resolver is not an object");
    const Json* certificates = member(value, "Certificates");
    if (certificates == nullptr) continue;
    if (!certificates->is_array()) refuse("'Certificates' is not a list");
    for (const Json& one : *certificates) all.push_back(certificate_from(resolver, one));
  }
  return all;
}

JudgedCertificate judge_certificate(const AcmeCertificate& certificate) {
  const auto chain = base64_decode_secret(certificate.chain);
  const auto key = base64_decode_secret(certificate.key);
  if (chain && key) return judge_certificate(certificate.domain, chain->reveal(), key->reveal());
  JudgedCertificate judged;
  judged.name = printable(certificate.domain);
  judged.fault = "not base64";
  return judged;
}

Json* find_certificates(Json& acme) {
  for (auto& [resolver, value] : acme.items()) {
    if (!value.is_object()) continue;
    for (auto& [name, list] : value.items()) {
      const bool is_list = ::strcasecmp(name.c_str(), "Certificates") == 0 && list.is_array();
      if (is_list && !list.empty()) return &list;
    }
  }
  return nullptr;
}

}  // namespace lifeboat
