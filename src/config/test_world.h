// For the tests of this room: a folder with a configuration, an environment and recipes of its own.
#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "config/config.h"
#include "support/shell.h"

namespace lifeboat::test {

// The example of the design, as a user would paste it.
inline constexpr std::string_view example_config =
    R"(host: vps-h1
env_file: backup-env            # AGE_PUBKEY, WASABI_BACKUP_ACCESS_KEY, ... ; refused unless 0600
store:
  s3: {endpoint: https://s3.eu-central-1.wasabisys.com, region: eu-central-1, bucket: eco-backups,
       access_key: ${WASABI_BACKUP_ACCESS_KEY}, secret_key: ${WASABI_BACKUP_SECRET_KEY}}
encryption: {recipients: ["${AGE_PUBKEY}"], recipients_file: /etc/lifeboat/recipients.txt}
compression: {level: 12}
retention: {daily: 30, monthly: 12}
services:
  n8n:     {recipe: n8n, volume: n8n_data, url: http://127.0.0.1:5678, api_key: ${N8N_API_KEY}}
  waha:    {recipe: waha, volume: root_waha_sessions}
  traefik: {recipe: traefik, volume: traefik_data}
jobs:
  nightly: {schedule: "02:00", services: [n8n, waha, traefik]}
drill: {identity: /root/.age/backup.key, schedule: weekly, which: latest}
metrics: {textfile: /var/lib/node_exporter/textfile, pushgateway: null}
notify:
  discord: {webhook: ${P24_DISCORD_WEBHOOK_URL}}
  github:  {repo: radieu/p24-infra, token: ${GITHUB_TOKEN}}
  heartbeat: {url: https://example.org/ping/0123456789}        # healthchecks-style ping
)";

inline constexpr std::string_view example_env =
    "# for tests\n"
    "export AGE_PUBKEY=age1example\n"
    "WASABI_BACKUP_ACCESS_KEY=AKIAEXAMPLE0\n"
    "WASABI_BACKUP_SECRET_KEY='wasabi secret, # \"quoted\"'\n"
    "N8N_API_KEY=\"n8n \\\"key\\\"\"   # note\n"
    "P24_DISCORD_WEBHOOK_URL=https://discord.example/api/webhooks/1/token\n"
    "GITHUB_TOKEN=ghp_exampletoken\r\n";

// The shortest configuration that is whole.
inline constexpr std::string_view small_config =
    R"(host: h1
store: {dir: /srv/backups}
encryption: {recipients: [age1one, age1two]}
services:
  app: {recipe: volume, path: /srv/app}
jobs:
  nightly: {schedule: "02:00", services: [app]}
)";

class World {
 public:
  World() {
    options.recipe_names = {"n8n", "traefik", "volume", "waha"};
    options.recipe_options = [this](std::string_view name) {
      const auto found = recipes_.find(name);
      return found == recipes_.end() ? nullptr : &found->second;
    };
    options.environment = [this](std::string_view name) -> std::optional<std::string> {
      const auto found = environment.find(std::string(name));
      return found == environment.end() ? std::nullopt : std::optional(found->second);
    };
  }

  std::filesystem::path write(std::string_view name, std::string_view text, unsigned mode = 0600) {
    write_file(folder / name, text);
    std::filesystem::permissions(folder / name, std::filesystem::perms(mode));
    return folder / name;
  }
  Config load(std::string_view text, unsigned mode = 0600) {
    return load_config(write("lifeboat.yaml", text, mode), options);
  }
  // All the faults of `text` as a terminal shows them, without the folder's name; "" if there are
  // none.
  std::string faults(std::string_view text, unsigned mode = 0600) {
    try {
      load(text, mode);
      return "";
    } catch (const ConfigErrors& errors) {
      return without_folder(errors.what());
    }
  }
  std::string warnings(std::string_view text, unsigned mode = 0600) {
    std::string all;
    for (const ConfigFinding& warning : load(text, mode).warnings) {
      all += warning.location.text() + ": " + warning.message + "\n";
    }
    return without_folder(all);
  }
  std::string without_folder(std::string text) const {
    const std::string prefix = folder.path().native() + "/";
    for (size_t at = text.find(prefix); at != std::string::npos; at = text.find(prefix)) {
      text.erase(at, prefix.size());
    }
    return text;
  }

  TempFolder folder;
  LoadOptions options;
  std::map<std::string, std::string> environment;

 private:
  std::map<std::string, std::vector<OptionSpec>, std::less<>> recipes_{
      {"n8n",
       {{"volume", OptionType::text, false, "the Docker volume"},
        {"path", OptionType::path, false, "the folder"},
        {"url", OptionType::text, false, "URL of n8n"},
        {"api_key", OptionType::secret, false, "API key"}}},
      {"traefik", {{"volume", OptionType::text, true, "the Docker volume"}}},
      {"volume",
       {{"path", OptionType::path, true, "the folder"},
        {"exclude", OptionType::list, false, "patterns"},
        {"limit", OptionType::size, false, "largest file"},
        {"follow", OptionType::boolean, false, "follow links"},
        {"tries", OptionType::integer, false, "tries"}}},
      {"waha", {{"volume", OptionType::text, true, "the Docker volume"}}}};
};

}  // namespace lifeboat::test
