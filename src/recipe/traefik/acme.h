// Traefik's acme.json: one object per certificate resolver, the account and its certificates.
//
//   {"le": {"Account": {"Email", "Registration", "PrivateKey", "KeyType"},
//           "Certificates": [{"domain": {"main", "sans"}, "certificate", "key", "Store"}]}}
//
// "certificate" is base64 of a PEM chain, "key" base64 of a PEM private key. Names are compared
// without case, as Go's decoder does. Source:
// https://github.com/traefik/traefik/blob/master/pkg/provider/acme/store.go
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "recipe/certificates.h"

namespace lifeboat {

struct AcmeCertificate {
  std::string resolver;
  std::string domain;  // "main"
  std::vector<std::string> sans;
  std::string chain;  // base64
  std::string key;    // base64
};

// All certificates, in the file's order. An empty file, as Traefik makes it at its first start, has
// none. Throws Error(verification), without a word of the content, if it is not what is above.
std::vector<AcmeCertificate> parse_acme(std::string_view text);

JudgedCertificate judge_certificate(const AcmeCertificate& certificate);

// A list of certificates inside a parsed acme.json, for sabotage; null if no resolver has one.
Json* find_certificates(Json& acme);

}  // namespace lifeboat
