// X.509 certificates and their private keys, as far as a drill asks: for whom, until when, and does
// the key belong to the certificate. No chain is verified: whether a browser trusts it depends on
// the day and the machine, not on the backup.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/secret.h"

namespace lifeboat {

struct X509Details {
  std::string subject;             // the common name, empty if there is none
  std::vector<std::string> names;  // DNS names and IP addresses of the SAN extension
  Timestamp not_before{};
  Timestamp not_after{};
};

// The certificates of a PEM chain of at most 256 KiB and 16 certificates, the leaf first. Throws
// Error(verification) if there is none or one is malformed.
std::vector<X509Details> parse_x509_chain(std::string_view pem);

// Whether the private key (PEM: PKCS#8, PKCS#1 or SEC 1, not encrypted) is whole and its public
// half is that of the chain's first certificate. Throws Error(verification), without a word of the
// key, if either cannot be parsed.
bool x509_key_matches(std::string_view chain_pem, std::string_view key_pem);

// A new P-256 key as PKCS#8 PEM, for sabotage.
Secret new_private_key_pem();

}  // namespace lifeboat
