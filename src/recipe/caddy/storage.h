// Where Caddy keeps its certificates, accounts and local authorities.
//
//   certificates/<issuer>/<name>/<name>.{crt,key,json}     `*` in a name is "wildcard_"
//   acme/<issuer>/users/<email>/<user>.{json,key}          accounts
//   acme/<issuer>/challenge_tokens/                        of challenges under way
//   pki/authorities/<id>/{root,intermediate}.{crt,key}     the local authorities
//   locks/ ocsp/ last_clean.json                           made anew by Caddy
//
// below "caddy/" in its data folder ($XDG_DATA_HOME, /data in the container image). Each file is
// replaced by a rename and the two of a pair by one after the other, so that a pair may not fit for
// a moment. Sources: https://github.com/caddyserver/certmagic/blob/master/storage.go, account.go,
// https://github.com/caddyserver/caddy/blob/master/modules/caddypki/ca.go
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/stop.h"

namespace lifeboat {

// A certificate and its key; paths below the folder that was searched.
struct CaddyPair {
  std::string name;  // the site's name, or which certificate of which local authority
  std::string certificate;
  std::string key;  // where it belongs, there or not
};

struct CaddyAccount {
  std::string registration;
  std::string key;  // empty if there is none
};

struct CaddyFiles {
  std::string below;                   // the data folder: "caddy/", or "" for the folder itself
  std::vector<CaddyPair> sites;        // below certificates/, one for each issuer of a name
  std::vector<CaddyPair> authorities;  // below pki/
  std::vector<std::string> roots;      // names of the local authorities that have a root.crt
  std::vector<CaddyAccount> accounts;
  std::vector<std::string> metadata;  // every is_caddy_json()
};

// Searches `root`, in which the data folder or its parent is `inside` ("" or like "data/"), without
// following links. Throws Error(service) if there is neither certificates/ nor acme/ nor pki/.
CaddyFiles find_caddy_files(const std::filesystem::path& root, const std::string& inside,
                            const StopToken& stop);

// True for the certificate of a pair; `below` as in CaddyFiles.
bool is_caddy_certificate(std::string_view path, std::string_view below);
// True for what must be JSON: metadata below certificates/ and acme/, and autosave.json anywhere.
bool is_caddy_json(std::string_view path, std::string_view below);

// Patterns of what a backup leaves out.
std::vector<std::string> caddy_excludes(std::string_view below);

}  // namespace lifeboat
