#include "recipe/caddy/pairs.h"

#include <algorithm>
#include <map>

#include "base/error.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

// OpenSSL knows Ed25519 keys as "PRIVATE KEY" only; certmagic writes the same PKCS#8 under a label
// of its own: https://github.com/caddyserver/certmagic/blob/master/crypto.go
std::string openssl_label(std::string_view key) {
  constexpr std::string_view label = "ED25519 PRIVATE KEY";
  std::string text(key);
  for (size_t at = text.find(label); at != std::string::npos; at = text.find(label, at)) {
    text.erase(at, std::string_view("ED25519 ").size());
  }
  return text;
}

std::vector<JudgedCertificate> newest_of_each(const std::vector<JudgedCertificate>& certificates) {
  std::map<std::string, JudgedCertificate> newest;
  for (const JudgedCertificate& certificate : certificates) {
    if (!certificate.leaf) continue;
    const auto [held, is_new] = newest.try_emplace(certificate.name, certificate);
    if (!is_new && held->second.leaf->not_after < certificate.leaf->not_after) {
      held->second = certificate;
    }
  }
  std::vector<JudgedCertificate> all;
  for (auto& [name, certificate] : newest) all.push_back(std::move(certificate));
  return all;
}

}  // namespace

JudgedCertificate judge_pair(const CaddyPair& pair, std::string_view chain, std::string_view key) {
  JudgedCertificate judged = judge_certificate(pair.name, chain, openssl_label(key));
  if (!judged.leaf) return judged;
  if (key.empty()) judged.fault = "its private key is missing";
  // Two weeks are longer than the lives that the local authority gives: 12 hours to a site, 7 days
  // to an intermediate. Caddy renews when a third of a life, or a fifth of the latter, is left.
  const auto life = judged.leaf->not_after - judged.leaf->not_before;
  judged.soon = std::min<std::chrono::nanoseconds>(judged.soon, life / 6);
  return judged;
}

ReadPair read_pair(const fs::path& folder, const CaddyPair& pair, const StopToken& stop) {
  ReadPair read;
  const auto judge = [&](std::string_view chain) {
    read.judged = judge_pair(pair, chain, read.key ? std::string_view(read.key->text) : "");
  };
  const auto read_key_and_judge = [&](std::string_view chain) {
    read.key.reset();
    if (fs::is_regular_file(fs::symlink_status(folder / pair.key))) {
      read.key = read_until_valid(
          folder, pair.key, [](std::string_view) {}, stop);
    }
    judge(chain);
    if (!read.judged.fault.empty()) throw Error(ErrorKind::verification, read.judged.fault);
  };
  read.chain = read_until_valid(folder, pair.certificate, read_key_and_judge, stop);
  // The last chain was not judged if it kept changing.
  judge(read.chain.text);
  if (read.judged.fault.empty()) read.judged.fault = read.chain.fault;
  return read;
}

std::vector<JudgedCertificate> CaddyJudgement::newest() const {
  std::vector<JudgedCertificate> all = newest_of_each(sites);
  for (const JudgedCertificate& one : newest_of_each(authorities)) all.push_back(one);
  return all;
}

std::optional<Timestamp> CaddyJudgement::first_end() const {
  std::optional<Timestamp> first;
  for (const JudgedCertificate& one : newest_of_each(sites)) {
    if (!first || one.leaf->not_after < *first) first = one.leaf->not_after;
  }
  return first;
}

std::vector<std::string> CaddyJudgement::warnings(Timestamp now) const {
  std::vector<std::string> all;
  const auto tell = [&](const JudgedCertificate& one) {
    std::string warning = certificate_warning(one, now);
    if (!warning.empty()) all.push_back(std::move(warning));
  };
  for (const auto* list : {&sites, &authorities}) {
    for (const JudgedCertificate& one : *list) {
      if (!one.fault.empty()) tell(one);
    }
  }
  for (const JudgedCertificate& one : newest()) {
    if (one.fault.empty()) tell(one);
  }
  return all;
}

}  // namespace lifeboat
