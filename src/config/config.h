// The configuration, typed and complete: docs/CONFIG.md says what each key means.
//
// Loading finds every fault of the file in one pass, since a person who repairs one fault a night
// loses a week of backups. Nothing of the outside world is checked here except the files that hold
// secrets: whether a store answers or a key opens anything is for `check`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/error.h"
#include "base/secret.h"
#include "base/settings.h"
#include "crypto/ed25519.h"

namespace lifeboat {

using SharedSecret = std::shared_ptr<const Secret>;
using Commands = std::vector<std::vector<std::string>>;  // argv lists; argv[0] is never empty

// Line and column count from 1, columns in characters; line 0 stands for the file as a whole.
struct ConfigLocation {
  std::string file;
  size_t line = 0;
  size_t column = 0;
  // "/etc/lifeboat/lifeboat.yaml:3:5", or the file alone.
  std::string text() const;
};

// Something wrong (a fault) or doubtful (a warning). Never holds a secret.
struct ConfigFinding {
  ConfigLocation location;
  std::string message;
  std::string hint;  // may be empty
};

// All faults of a configuration, sorted by place. The message is one line a fault,
// "file:line:column: message", each followed by its hint.
class ConfigErrors final : public Error {
 public:
  // At least one.
  explicit ConfigErrors(std::vector<ConfigFinding> faults);
  const std::vector<ConfigFinding>& faults() const { return faults_; }

 private:
  std::vector<ConfigFinding> faults_;
};

struct DirStoreConfig {
  std::filesystem::path path;
};

struct S3StoreConfig {
  std::string endpoint;  // empty: Amazon's own for the region
  std::string region;
  std::string bucket;
  SharedSecret access_key;  // null, and so the next: the environment or a profile has them
  SharedSecret secret_key;
  SharedSecret session_token;       // null: none
  std::string profile;              // of the shared credentials file; empty: see docs/CONFIG.md
  bool path_style = false;          // bucket in the path, not in the host name
  std::filesystem::path ca_file;    // empty: the system's authorities
  uint64_t part_size = 8ULL << 20;  // bytes
  uint64_t upload_limit = 0;        // bytes a second; 0: none
};

struct EncryptionConfig {
  std::vector<std::string> recipients;                   // "age1..."
  std::optional<std::filesystem::path> recipients_file;  // read by whoever encrypts
};

struct SigningConfig {
  std::optional<std::filesystem::path> key_file;  // read by config/signing.h
  ConfigLocation key_file_location;
  // Empty: the public half of key_file's key, if there is one, else whoever.
  std::vector<Ed25519PublicKey> trusted;
};

struct RetentionConfig {
  uint64_t daily = 30;    // days
  uint64_t monthly = 12;  // months
};

struct HooksConfig {
  Commands before;
  Commands after;
  Commands on_error;
};

struct ServiceConfig {
  std::string name;
  std::string recipe;
  Settings settings;  // what the recipe declares, types checked
  HooksConfig hooks;
};

struct JobConfig {
  std::string name;
  std::string schedule;  // "02:00", "hourly" ... "monthly", five cron fields, or "manual"
  std::vector<std::string> services;
  HooksConfig hooks;
  bool labelled = false;  // and the containers that ask for it by their labels
  bool stream = false;    // one service, one compressed script, kept by the week
};

struct DrillConfig {
  std::optional<std::filesystem::path> identity;  // not opened at load: `check` does
  std::string schedule = "weekly";
  std::string which = "latest";  // or "random", "oldest-monthly"
  std::string engine = "none";   // or "host", "docker"
  std::filesystem::path scratch = "/var/tmp";
};

struct DockerConfig {
  std::filesystem::path socket;  // empty: where it usually is
  bool labels = false;           // containers may ask to be protected by their labels
};

struct DiscoverConfig {
  // Volume, container or path -> why it needs no backup.
  std::map<std::string, std::string> skip;
};

struct MetricsConfig {
  std::optional<std::filesystem::path> textfile;  // a folder
  std::string pushgateway;                        // URL; empty: none
};

struct DiscordConfig {
  SharedSecret webhook;
  bool success = true;
};

struct GithubConfig {
  std::string repo;  // "owner/name"
  SharedSecret token;
  std::string api_url = "https://api.github.com";
};

struct HeartbeatConfig {
  SharedSecret url;
  SharedSecret start_url;         // null: url + "/start" if fail_url is null too, else none
  SharedSecret fail_url;          // null: url + "/fail"
  std::vector<std::string> jobs;  // empty: all
};

struct WebhookConfig {
  SharedSecret url;
  SharedSecret authorization;  // null: none
  bool success = true;
};

struct SmtpConfig {
  std::string url;
  std::string username;  // empty: no login
  SharedSecret password;
  std::string from;
  std::vector<std::string> to;
  bool success = false;
};

struct NotifyConfig {
  std::optional<DiscordConfig> discord;
  std::optional<GithubConfig> github;
  std::optional<HeartbeatConfig> heartbeat;
  std::optional<WebhookConfig> webhook;
  std::optional<SmtpConfig> smtp;
};

struct Config {
  std::string host;
  std::variant<DirStoreConfig, S3StoreConfig> store;
  EncryptionConfig encryption;
  SigningConfig signing;
  int compression_level = 3;  // 1..19
  RetentionConfig retention;
  std::vector<ServiceConfig> services;  // in the order of the file
  std::vector<JobConfig> jobs;          // in the order of the file
  std::optional<DrillConfig> drill;
  DockerConfig docker;
  DiscoverConfig discover;
  MetricsConfig metrics;
  NotifyConfig notify;
  std::string priority = "idle";   // of what runs by night; or "normal"
  unsigned cpu_limit_percent = 0;  // of one core, for a backup; 0: none
  std::filesystem::path spool_dir = "/var/tmp";
  std::filesystem::path state_dir = "/var/lib/lifeboat";  // the run lock, and what runs remember

  // The archive's lifeboat.yaml: the file's own text, with each secret that was written out in it
  // replaced by a reference such as ${REDACTED_STORE_S3_SECRET_KEY}.
  std::string text_without_secrets;
  std::vector<ConfigFinding> warnings;
  // Where each given key stands, for messages: "services.n8n", "drill.identity".
  std::map<std::string, ConfigLocation, std::less<>> places;
  // The env file and the files of `*_file` keys.
  std::vector<std::filesystem::path> secret_files;
  uint64_t cache_bytes_max = 2ULL << 30;  // of compressed frames in state_dir; 0: none

  // Null when there is none.
  const ServiceConfig* find_service(std::string_view name) const;
  // Throws Error(config) with a did-you-mean. An empty name means the only job; a usage Error if
  // there are several.
  const JobConfig& job(std::string_view name) const;
};

// What loading needs of the world. All functions are called on the caller's thread.
struct LoadOptions {
  // What a recipe's services may set; null for a recipe that does not exist.
  std::function<const std::vector<OptionSpec>*(std::string_view recipe)> recipe_options;
  std::vector<std::string> recipe_names;
  std::function<std::optional<std::string>(std::string_view name)> environment;
  std::vector<std::string> environment_names;  // for did-you-mean
  // Standard output of a command; throws Error if it cannot run or fails. Without it a
  // `*_command` key is a fault.
  std::function<Secret(const std::vector<std::string>& argv)> run_command;
  // Throws Error for what is no age recipient. Without it only its first letters are judged.
  std::function<void(std::string_view text)> check_recipient;
};
// Sets `environment` and `environment_names` to the process's own.
void use_process_environment(LoadOptions& options);

// Throws ConfigErrors.
Config load_config(const std::filesystem::path& path, const LoadOptions& options);

}  // namespace lifeboat
