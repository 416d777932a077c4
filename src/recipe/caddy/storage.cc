#include "recipe/caddy/storage.h"

#include <fcntl.h>

#include <cerrno>
#include <map>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"
#include "recipe/volume/glob.h"
#include "recipe/volume/walk.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view certificate_end = ".crt";
constexpr std::string_view json_end = ".json";
constexpr std::string_view key_end = ".key";

std::string find_data_folder(const fs::path& root, const std::string& inside) {
  const UniqueFd fd = open_file(root, O_RDONLY | O_DIRECTORY);
  for (const std::string& below : {inside + "caddy/", inside}) {
    for (const char* part : {"certificates", "acme", "pki"}) {
      if (open_below(fd.get(), below + part, O_RDONLY | O_DIRECTORY)) return below;
      if (errno == EACCES || errno == EPERM) fail_unreadable(root / (below + part), errno);
    }
  }
  throw Error(ErrorKind::service,
              format("find Caddy's data in '{}': neither certificates, acme nor pki is there",
                     printable((root / inside).native())))
      .hint(
          "Name what Caddy's container mounts at /data, or on a host the folder that holds "
          "'certificates', like /var/lib/caddy/.local/share/caddy.");
}

// "certificates", "issuer", "name", "name.crt"; nothing for what is not in the data folder.
std::vector<std::string> parts_below(std::string_view path, std::string_view below) {
  if (!path.starts_with(below)) return {};
  return split(path.substr(below.size()), '/');
}

std::string site_name(std::string_view file) {
  constexpr std::string_view wildcard = "wildcard_";
  std::string name(file.substr(0, file.size() - certificate_end.size()));
  return name.starts_with(wildcard) ? "*" + name.substr(wildcard.size()) : name;
}

std::string authority_name(const std::vector<std::string>& parts) {
  const std::string_view file = parts.back();
  return format("{} of the local authority '{}'", file.substr(0, file.rfind('.')),
                parts[parts.size() - 2]);
}

void add_pair(CaddyFiles& files, const std::string& path, const std::vector<std::string>& parts) {
  const std::string stem = path.substr(0, path.size() - certificate_end.size());
  CaddyPair pair{"", path, stem + std::string(key_end)};
  if (parts.front() == "certificates") {
    pair.name = site_name(parts.back());
    files.sites.push_back(std::move(pair));
    return;
  }
  pair.name = authority_name(parts);
  files.authorities.push_back(std::move(pair));
  if (parts.back() == "root.crt") files.roots.push_back(parts[parts.size() - 2]);
}

bool is_account_file(const std::vector<std::string>& parts) {
  return parts.size() == 5 && parts[0] == "acme" && parts[2] == "users";
}

}  // namespace

bool is_caddy_certificate(std::string_view path, std::string_view below) {
  const std::vector<std::string> parts = parts_below(path, below);
  if (parts.size() != 4 || !parts.back().ends_with(certificate_end)) return false;
  return parts[0] == "certificates" || (parts[0] == "pki" && parts[1] == "authorities");
}

bool is_caddy_json(std::string_view path, std::string_view below) {
  const std::vector<std::string> parts = parts_below(path, below);
  const bool is_metadata = parts.size() > 1 && parts.back().ends_with(json_end) &&
                           (parts.front() == "certificates" || parts.front() == "acme");
  return is_metadata || path == "autosave.json" || path.ends_with("/autosave.json");
}

std::vector<std::string> caddy_excludes(std::string_view below) {
  const std::string folder = exact_glob(below);
  return {folder + "locks", folder + "ocsp", folder + "last_clean.json",
          folder + "acme/*/challenge_tokens"};
}

CaddyFiles find_caddy_files(const fs::path& root, const std::string& inside,
                            const StopToken& stop) {
  CaddyFiles files;
  files.below = find_data_folder(root, inside);
  std::map<std::string, CaddyAccount> accounts;
  TreeWalk walk(root, caddy_excludes(files.below), stop);
  while (const std::optional<TreeEntry> entry = walk.next()) {
    if (!S_ISREG(entry->status.st_mode)) continue;
    const std::string& path = entry->path;
    const std::vector<std::string> parts = parts_below(path, files.below);
    if (is_caddy_certificate(path, files.below)) add_pair(files, path, parts);
    if (is_caddy_json(path, files.below)) files.metadata.push_back(path);
    if (!is_account_file(parts)) continue;
    CaddyAccount& account = accounts[path.substr(0, path.rfind('/'))];
    if (path.ends_with(json_end)) account.registration = path;
    if (path.ends_with(key_end)) account.key = path;
  }
  for (auto& [folder, account] : accounts) {
    if (!account.registration.empty()) files.accounts.push_back(std::move(account));
  }
  return files;
}

}  // namespace lifeboat
