#include "recipe/caddy/probes.h"

#include <unistd.h>

#include <cerrno>

#include "base/format.h"
#include "base/text.h"
#include "crypto/hash.h"
#include "crypto/x509.h"
#include "io/files.h"
#include "io/no_links.h"
#include "recipe/caddy/pairs.h"
#include "recipe/details.h"
#include "recipe/inventory.h"
#include "recipe/sqlite/probes.h"
#include "recipe/volume/settled_file.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t file_bytes_max = 16 * 1024 * 1024;

CaddyFiles restored_files(const RestoredService& restored, const StopToken& stop) {
  return find_caddy_files(restored.directory, format("{}/", caddy_data_prefix), stop);
}

std::vector<JudgedCertificate> judge_all(const fs::path& folder,
                                         const std::vector<CaddyPair>& pairs) {
  std::vector<JudgedCertificate> all;
  for (const CaddyPair& pair : pairs) {
    const bool has_key = fs::is_regular_file(fs::symlink_status(folder / pair.key));
    all.push_back(
        judge_pair(pair, read_file_without_links(folder / pair.certificate, file_bytes_max),
                   has_key ? read_file_without_links(folder / pair.key, file_bytes_max) : ""));
  }
  return all;
}

ProbeResult probe_count(const RestoredService& restored, std::string_view key, size_t found) {
  const Item* item = restored.expected.find(key);
  return compare(format("as many {} as at backup time", item != nullptr ? item->plural : key),
                 std::to_string(item != nullptr ? item->count : 0), std::to_string(found));
}

ProbeResult probe_parse(const CaddyJudgement& judgement) {
  ProbeResult answer{"every certificate parses", true, "all", "all", ""};
  for (const auto* list : {&judgement.sites, &judgement.authorities}) {
    for (const JudgedCertificate& one : *list) {
      if (one.leaf || !answer.passed) continue;
      answer.passed = false;
      answer.found = format("{}: {}", one.name, one.fault);
    }
  }
  return answer;
}

ProbeResult probe_json(const fs::path& folder, const CaddyFiles& files) {
  ProbeResult answer{"the JSON files parse", true, "all", "all", ""};
  for (const std::string& path : files.metadata) {
    try {
      check_json_object(read_file_without_links(folder / path, file_bytes_max));
    } catch (const Error& error) {
      answer.passed = false;
      answer.found = format("'{}': {}", printable(path), error.what());
    }
  }
  answer.evidence = print_count(files.metadata.size(), "file", "files") + " read";
  return answer;
}

// An account's key stands beside no certificate that could tell whether it is the right one.
bool looks_like_key(std::string_view text) {
  const std::string_view key = trim(text);
  return key.starts_with("-----BEGIN ") && key.ends_with(" PRIVATE KEY-----") &&
         key.find("\n-----END ") != std::string_view::npos;
}

ProbeResult probe_accounts(const fs::path& folder, const CaddyFiles& files) {
  ProbeResult answer{"every account has its private key", true, "all", "all", ""};
  for (const CaddyAccount& account : files.accounts) {
    if (!account.key.empty() &&
        looks_like_key(read_file_without_links(folder / account.key, file_bytes_max))) {
      continue;
    }
    answer.passed = false;
    answer.found = format("'{}' has none", printable(account.registration));
  }
  return answer;
}

Error nothing_to_damage(std::string_view what) {
  return Error(ErrorKind::service, format("damage Caddy's data: {}", what));
}

CaddyPair first_pair(const RestoredService& restored) {
  const CaddyFiles files = restored_files(restored, {});
  if (!files.sites.empty()) return files.sites.front();
  if (!files.authorities.empty()) return files.authorities.front();
  throw nothing_to_damage("it has no certificate");
}

void swap_key(const RestoredService& restored) {
  SystemRandom random;
  AtomicFile file(restored.directory / first_pair(restored).key, random, {.replace = true});
  file.write(new_private_key_pem().view());
  file.finish();
}

void remove_key(const RestoredService& restored) {
  remove_tree(restored.directory / first_pair(restored).key, ErrorKind::service);
}

// Within the first certificate of the chain: cut between two, the rest would still parse.
void cut_certificate(const RestoredService& restored) {
  const fs::path path = restored.directory / first_pair(restored).certificate;
  const size_t end =
      read_file_without_links(path, file_bytes_max).find("-----END CERTIFICATE-----");
  if (end == std::string::npos) throw nothing_to_damage("the certificate has no end");
  if (::truncate(path.c_str(), static_cast<off_t>(end / 2)) != 0) {
    throw system_error(ErrorKind::service, "cut a certificate", errno);
  }
}

}  // namespace

std::vector<ProbeResult> probe_caddy(const RestoredService& restored, RecipeContext& context) {
  const fs::path& folder = restored.directory;
  CaddyFiles files;
  std::vector<ProbeResult> answers;
  answers.push_back(ask("Caddy's data folder is there", [&]() -> ProbeResult {
    files = restored_files(restored, context.stop);
    return {"Caddy's data folder is there", true, "yes", "yes", printable(files.below)};
  }));
  answers.push_back(probe_count(restored, "certificates", files.sites.size()));
  answers.push_back(probe_count(restored, "accounts", files.accounts.size()));
  answers.push_back(probe_count(restored, "authorities", files.roots.size()));
  const CaddyJudgement judgement{judge_all(folder, files.sites),
                                 judge_all(folder, files.authorities)};
  answers.push_back(probe_parse(judgement));
  answers.push_back(probe_keys("every private key belongs to its certificate", judgement.sites));
  answers.push_back(
      probe_keys("every key of a local authority belongs to it", judgement.authorities));
  const std::string read_at = detail_text(restored.expected.details, "read_at");
  if (!read_at.empty()) {
    answers.push_back(probe_dates(judgement.newest(), parse_time(read_at), context.clock.now()));
  }
  answers.push_back(probe_json(folder, files));
  answers.push_back(probe_accounts(folder, files));
  return answers;
}

std::vector<InventoryEntry> inventory_caddy(const RestoredService& restored,
                                            const StopToken& stop) {
  const fs::path& folder = restored.directory;
  const CaddyFiles files = restored_files(restored, stop);
  const auto content = [&](const std::string& path) {
    const bool is_there = fs::is_regular_file(fs::symlink_status(folder / path));
    return is_there ? read_file_without_links(folder / path, file_bytes_max) : std::string();
  };
  std::vector<InventoryEntry> entries;
  for (const auto* list : {&files.sites, &files.authorities}) {
    for (const CaddyPair& pair : *list) {
      entries.push_back(certificate_entry(pair.certificate, printable(pair.name),
                                          content(pair.certificate), content(pair.key)));
    }
  }
  for (const CaddyAccount& account : files.accounts) {
    entries.push_back({"account", account.registration, printable(account.registration),
                       sha256_hex(as_bytes(content(account.registration) + content(account.key)))});
  }
  if (!fs::is_directory(folder / caddy_config_prefix)) return entries;
  for (InventoryEntry& entry : inventory_of_files(folder / caddy_config_prefix, stop)) {
    if (entry.kind == "folder") continue;
    entry.kind = "configuration file";
    entries.push_back(std::move(entry));
  }
  return entries;
}

std::vector<Sabotage> caddy_sabotages() {
  return {{"swapped key", "a certificate got the key of another one", swap_key},
          {"truncated certificate", "a certificate was cut in its middle", cut_certificate},
          {"missing key", "the private key of a certificate was removed", remove_key}};
}

}  // namespace lifeboat
