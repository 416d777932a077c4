#include "recipe/certificates.h"

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"

namespace lifeboat {

JudgedCertificate judge_certificate(std::string_view name, std::string_view chain,
                                    std::string_view key) {
  JudgedCertificate judged;
  judged.name = printable(name);
  try {
    judged.leaf = parse_x509_chain(chain).front();
    if (!x509_key_matches(chain, key)) {
      judged.fault = "its private key belongs to another certificate";
    }
  } catch (const Error& error) {
    judged.fault = error.message();
  }
  return judged;
}

std::string certificate_warning(const JudgedCertificate& certificate, Timestamp now) {
  if (!certificate.fault.empty()) {
    return format("the certificate of {}: {}", certificate.name, certificate.fault);
  }
  if (!certificate.leaf || certificate.leaf->not_after >= now + certificate.soon) return "";
  const Timestamp end = certificate.leaf->not_after;
  return format("the certificate of {} {} on {}", certificate.name, end < now ? "ended" : "ends",
                print_date(date_of(end)));
}

std::string certificates_summary(const std::vector<JudgedCertificate>& certificates,
                                 Timestamp now) {
  std::string told = print_count(certificates.size(), "certificate", "certificates");
  std::optional<Timestamp> first;
  for (const JudgedCertificate& one : certificates) {
    if (one.leaf && (!first || one.leaf->not_after < *first)) first = one.leaf->not_after;
  }
  if (!first) return told;
  const auto days = std::chrono::floor<std::chrono::days>(*first - now).count();
  return told + (days < 0
                     ? format(", the first ended {} ({} d ago)", print_date(date_of(*first)), -days)
                     : format(", the first ends {} ({} d)", print_date(date_of(*first)), days));
}

ProbeResult probe_keys(std::string name, const std::vector<JudgedCertificate>& certificates) {
  const std::string total = print_count(certificates.size(), "certificate", "certificates");
  for (const JudgedCertificate& certificate : certificates) {
    if (certificate.fault.empty()) continue;
    return {std::move(name), false, total, format("{}: {}", certificate.name, certificate.fault),
            ""};
  }
  return {std::move(name), true, total, total, ""};
}

ProbeResult probe_dates(const std::vector<JudgedCertificate>& certificates, Timestamp read_at,
                        Timestamp now) {
  ProbeResult answer{"no certificate had ended at backup time", true, "none had ended",
                     certificates_summary(certificates, now), ""};
  for (const JudgedCertificate& certificate : certificates) {
    if (!certificate.leaf) continue;
    const Timestamp end = certificate.leaf->not_after;
    const std::string told = format("{} until {}", certificate.name, print_date(date_of(end)));
    if (end < read_at) {
      answer.passed = false;
      answer.found = told;
    } else if (end < read_at + certificate.soon) {
      answer.evidence += (answer.evidence.empty() ? "ending soon: " : ", ") + told;
    }
  }
  return answer;
}

InventoryEntry certificate_entry(std::string id, std::string name, std::string_view chain,
                                 std::string_view key) {
  // A key that was exchanged is another certificate, though the chain is the same.
  return {"certificate", std::move(id), std::move(name),
          sha256_hex(as_bytes(chain)) + sha256_hex(as_bytes(key))};
}

}  // namespace lifeboat
