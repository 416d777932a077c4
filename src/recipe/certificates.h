// What recipes that keep certificates ask of them: does each parse, does its key fit, until when.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "crypto/x509.h"
#include "recipe/recipe.h"

namespace lifeboat {

struct JudgedCertificate {
  std::string name;                 // whose it is, safe to print
  std::optional<X509Details> leaf;  // nothing: the chain does not parse
  std::string fault;                // empty: it parses and its key fits
  // How long before its end a person should hear of it.
  std::chrono::nanoseconds soon = std::chrono::days(14);
};

// A PEM chain and the private key of its first certificate.
JudgedCertificate judge_certificate(std::string_view name, std::string_view chain,
                                    std::string_view key);

// One sentence for `ServicePlan::warnings()`: it has a fault, it ended, it ends soon; empty if all
// is well.
std::string certificate_warning(const JudgedCertificate& certificate, Timestamp now);

// "2 certificates, the first ends 2026-12-24 (27 d)": of those that parse.
std::string certificates_summary(const std::vector<JudgedCertificate>& certificates, Timestamp now);

// No certificate has a fault. `name` is the probe's.
ProbeResult probe_keys(std::string name, const std::vector<JudgedCertificate>& certificates);

// None had ended at backup time: an old snapshot is not damaged because its certificates ended
// since, though the answer tells when the first does, counted from `now`. Those that do not parse
// are left to probe_keys().
ProbeResult probe_dates(const std::vector<JudgedCertificate>& certificates, Timestamp read_at,
                        Timestamp now);

// For Recipe::inventory(): `id` is where it is kept, `name` whose it is.
InventoryEntry certificate_entry(std::string id, std::string name, std::string_view chain,
                                 std::string_view key);

}  // namespace lifeboat
