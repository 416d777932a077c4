// Caddy's certificates and keys, read two by two and judged.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/stop.h"
#include "recipe/caddy/storage.h"
#include "recipe/certificates.h"
#include "recipe/volume/settled_file.h"

namespace lifeboat {

// The content of a pair; `key` is empty if there is none.
JudgedCertificate judge_pair(const CaddyPair& pair, std::string_view chain, std::string_view key);

struct ReadPair {
  JudgedCertificate judged;
  SettledFile chain;
  std::optional<SettledFile> key;
};

// Reads both files below `folder` until they belong together: 6 times within about half a second,
// then as they are. Throws Error(service) if one cannot be read at all.
ReadPair read_pair(const std::filesystem::path& folder, const CaddyPair& pair,
                   const StopToken& stop);

struct CaddyJudgement {
  std::vector<JudgedCertificate> sites;
  std::vector<JudgedCertificate> authorities;

  // Without sites that have one which ends later: Caddy keeps certificates of an earlier issuer
  // until two weeks after their end. Those that do not parse are left out.
  std::vector<JudgedCertificate> newest() const;
  // When the first site's newest certificate ends; nothing if there is none. Those of authorities
  // are renewed within days and would always be first.
  std::optional<Timestamp> first_end() const;
  // One sentence for each that has a fault or ends soon.
  std::vector<std::string> warnings(Timestamp now) const;
};

}  // namespace lifeboat
