#include "cli/checks.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <set>
#include <variant>

#include "base/error.h"
#include "base/exit_code.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/checks_telling.h"
#include "cli/discovery.h"
#include "cli/job_request.h"
#include "cli/keys.h"
#include "config/config.h"
#include "engine/bucket.h"
#include "snapshot/catalog.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

constexpr std::string_view manual = "manual";  // a schedule that is none
constexpr uint64_t free_bytes_wanted = 1024ULL * 1024 * 1024;

class Checks {
 public:
  explicit Checks(CommandContext& context) : context_(context) {}

  std::vector<CheckFinding> run() {
    if (!load_config()) return std::move(findings_);
    guarded(ErrorKind::config, "recipients", [&] { check_recipients(); });
    guarded(ErrorKind::crypto, "identity", [&] { check_identity(); });
    guarded(ErrorKind::config, "signing", [&] { check_signing(); });
    check_folder("spool folder", config_->spool_dir);
    check_folder("state folder", config_->state_dir);
    if (config_->drill) check_folder("drill scratch folder", config_->drill->scratch);
    guarded(ErrorKind::store, "store", [&] { check_store(); });
    for (const ServiceConfig& service : config_->services) {
      guarded(ErrorKind::service, format("service {}", service.name),
              [&] { check_service(service); });
    }
    guarded(ErrorKind::service, "labels", [&] { check_labels(); });
    guarded(ErrorKind::service, "discover", [&] { check_uncovered(); });
    guarded(ErrorKind::config, "notify", [&] {
      for (CheckFinding& one : check_telling(context_)) {
        add(one.area, one.subject, std::move(one.finding));
      }
    });
    check_unused_keys();
    return std::move(findings_);
  }

 private:
  void add(ErrorKind area, const std::string& subject, Finding finding) {
    finding.message = redact(finding.message);
    findings_.push_back({area, subject, std::move(finding)});
  }

  void add_faults(const ConfigErrors& errors) {
    for (const ConfigFinding& fault : errors.faults()) {
      add(ErrorKind::config, fault.location.text(), {Level::error, fault.message, fault.hint});
    }
  }

  // One step; its Error is a finding.
  void guarded(ErrorKind area, const std::string& subject, const std::function<void()>& step) {
    context_.stop().throw_if_stopped();
    try {
      step();
    } catch (const ConfigErrors& errors) {
      add_faults(errors);
    } catch (const Error& error) {
      add(area, subject, {Level::error, error.what(), format("{}", join(error.hints(), " "))});
    }
  }

  bool load_config() {
    const std::string path = context_.config_path().native();
    try {
      config_ = &context_.config();
    } catch (const ConfigErrors& errors) {
      add_faults(errors);
      return false;
    } catch (const Error& error) {
      add(ErrorKind::config, path,
          {Level::error, error.what(), format("{}", join(error.hints(), " "))});
      return false;
    }
    add(ErrorKind::config, path,
        {Level::ok,
         format("{}, {}", print_count(config_->services.size(), "service", "services"),
                print_count(config_->jobs.size(), "job", "jobs")),
         ""});
    for (const ConfigFinding& warning : config_->warnings) {
      add(ErrorKind::config, warning.location.text(),
          {Level::warning, warning.message, warning.hint});
    }
    return true;
  }

  void check_recipients() {
    const auto recipients = configured_recipients(config_->encryption);
    for (const age::Recipient& recipient : recipients) recipients_.insert(recipient.text());
    if (recipients_.empty()) {
      throw Error(ErrorKind::config, "no recipient: nobody could decrypt a backup")
          .hint(
              "Make a key with 'lifeboat keygen -o key.txt' and put its public key under "
              "encryption.recipients.");
    }
    const std::string count = print_count(recipients_.size(), "recipient", "recipients");
    // A single one in the list was told by the configuration itself.
    if (recipients_.size() == 1 && config_->encryption.recipients_file) {
      add(ErrorKind::config, "recipients",
          {Level::warning, count + ": who loses this one key loses every backup",
           "Add the public key of a second one that is kept offline, on paper or in a safe."});
    } else {
      add(ErrorKind::config, "recipients", {Level::ok, count, ""});
    }
  }

  void check_identity() {
    if (!config_->drill || !config_->drill->identity) {
      add(ErrorKind::crypto, "identity",
          {Level::warning, "no private key is configured: drills cannot run here",
           "Set drill.identity here, or run 'lifeboat drill' on the machine that has the key."});
      return;
    }
    const fs::path& path = *config_->drill->identity;
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
      throw system_error(ErrorKind::crypto, format("read identity file '{}'", path.native()),
                         errno);
    }
    if ((status.st_mode & 077) != 0) {
      add(ErrorKind::crypto, "identity",
          {Level::error,
           format("'{}' can be read by others (mode {:04o})", path.native(),
                  status.st_mode & 07777),
           format("Make it private: chmod 600 {}", path.native())});
    }
    const auto identities = load_identities({path.native()}, context_);
    const bool fits =
        std::any_of(identities.begin(), identities.end(), [&](const age::Identity& identity) {
          return recipients_.contains(identity.recipient().text());
        });
    if (!fits) {
      add(ErrorKind::crypto, "identity",
          {Level::error,
           format("no key in '{}' belongs to a recipient: it opens no new snapshot", path.native()),
           "Add its public key ('lifeboat keygen -y FILE') to encryption.recipients."});
      return;
    }
    add(ErrorKind::crypto, "identity", {Level::ok, format("'{}' fits", path.native()), ""});
  }

  void check_signing() {
    const auto tell = [&](Level level, const std::string& message, const std::string& hint) {
      add(ErrorKind::config, "signing", {level, message, hint});
    };
    const Ed25519PrivateKey* key = context_.signing_key();
    const auto& trusted = config_->signing.trusted;
    if (key == nullptr && trusted.empty()) {
      tell(Level::warning,
           "snapshots are not signed: anyone who can write to the store could plant one",
           "Make a key with 'lifeboat keygen --signing -o /etc/lifeboat/signing.key' and set "
           "signing.key_file.");
    } else if (key == nullptr) {
      tell(Level::warning, "a backup made here is not signed and would be refused",
           "Set signing.key_file to this host's signing key, unless it only reads snapshots.");
    } else if (!trusted.empty() && std::ranges::find(trusted, key->public_key()) == trusted.end()) {
      tell(Level::error, "signing.key_file's key is not trusted: its snapshots would be refused",
           format("Add \"{}\" to signing.trusted.", key->public_key().text()));
    } else {
      tell(Level::ok, format("snapshots are signed by {}", key->public_key().text()), "");
    }
  }

  // A folder that a run makes if it is missing is fine as long as it can be made.
  void check_folder(const std::string& what, const fs::path& path) {
    guarded(ErrorKind::config, what, [&] {
      fs::path existing = path;
      std::error_code ignored;
      while (!fs::exists(existing, ignored) && existing.has_relative_path()) {
        existing = existing.parent_path();
      }
      if (!fs::is_directory(existing, ignored)) {
        throw Error(ErrorKind::config, format("'{}' is not a folder", existing.native()));
      }
      if (::access(existing.c_str(), W_OK | X_OK) != 0) {
        throw system_error(ErrorKind::config, format("write to '{}'", existing.native()), errno);
      }
      struct statvfs space {};
      if (::statvfs(existing.c_str(), &space) != 0) {
        throw system_error(ErrorKind::config, format("ask for free space of '{}'", path.native()),
                           errno);
      }
      const uint64_t free_bytes = uint64_t{space.f_bavail} * space.f_frsize;
      const std::string told = format("'{}': {} free", path.native(), print_bytes(free_bytes));
      if (free_bytes < free_bytes_wanted) {
        add(ErrorKind::config, what,
            {Level::warning, told, "Free some space, or point it to another disk."});
      } else {
        add(ErrorKind::config, what, {Level::ok, told, ""});
      }
    });
  }

  void check_store() {
    const auto* folder = std::get_if<DirStoreConfig>(&config_->store);
    if (folder != nullptr && !std::filesystem::exists(folder->path)) {
      add(ErrorKind::store, "store",
          {Level::warning,
           format("folder '{}' does not exist yet: the first backup makes it",
                  folder->path.native()),
           "If a disk should be mounted there, mount it first."});
      return;
    }
    Store& store = context_.store();
    const auto snapshots = list_snapshots(store, config_->host);
    add(ErrorKind::store, "store",
        {Level::ok,
         format("{}: {} of '{}'", store.name(),
                print_count(snapshots.size(), "snapshot", "snapshots"), config_->host),
         ""});
    if (folder == nullptr) check_bucket(context_.s3_store());
  }

  // What S3 alone can get wrong. Reading the rules may be forbidden to this key: that is told.
  void check_bucket(S3Store& store) {
    for (const AuditFinding& finding : probe_rights(store, config_->host)) add_audit(finding);
    BucketRequest request;
    request.hosts = {config_->host};
    request.retention = retention_of(config_->retention);
    request.now = context_.clock().now();
    request.stop = context_.stop();
    for (const AuditFinding& finding : audit_bucket(store, request).findings) add_audit(finding);
  }

  void add_audit(const AuditFinding& finding) {
    add(ErrorKind::store, format("store: {}", finding.subject),
        {finding.level, finding.message, finding.hint});
  }

  void check_service(const ServiceConfig& service) {
    RecipeContext recipe_context{context_.clock(),   context_.random(),  context_.stop(),
                                 config_->spool_dir, config_->state_dir, config_->docker.socket};
    const Recipe& recipe = context_.recipes().get(service.recipe);
    const std::string subject = format("service {}", service.name);
    for (Finding& finding : recipe.check(service_of(service), recipe_context)) {
      add(ErrorKind::service, subject, std::move(finding));
    }
    const bool is_used =
        std::any_of(config_->jobs.begin(), config_->jobs.end(), [&](const JobConfig& job) {
          return std::find(job.services.begin(), job.services.end(), service.name) !=
                 job.services.end();
        });
    if (!is_used) {
      add(ErrorKind::config, subject,
          {Level::warning, "no job names it: it is not backed up",
           "Add it to the services of a job."});
    }
  }

  void check_labels() {
    for (const BackupService& labelled : labelled_services_of(context_)) {
      const std::string subject = format("service {}", labelled.service.name);
      if (!labelled.fault.empty()) {
        add(ErrorKind::service, subject,
            {Level::error, labelled.fault, "Correct the container's labels."});
        continue;
      }
      RecipeContext recipe_context{context_.clock(),   context_.random(),  context_.stop(),
                                   config_->spool_dir, config_->state_dir, config_->docker.socket};
      const Recipe& recipe = context_.recipes().get(labelled.service.recipe);
      for (Finding& finding : recipe.check(labelled.service, recipe_context)) {
        add(ErrorKind::service, subject, std::move(finding));
      }
    }
  }

  // Volumes only: whether other places matter, a person has to say.
  void check_uncovered() {
    DockerOptions options;
    options.socket = config_->docker.socket;
    if (!Docker::is_present(options)) return;
    const Discovery found = discover_here(context_, {.with_paths = false, .sizes = Measured::none});
    for (const DiscoveredPlace& place : found.places) {
      if (place.coverage != Coverage::not_covered) continue;
      add(ErrorKind::service, format("{} {}", place.type, place.name),
          {Level::warning, place.reason.empty() ? "NOT COVERED" : "NOT COVERED: " + place.reason,
           "'lifeboat discover' has the lines to add; or say why not in discover.skip."});
    }
  }

  // What this version reads and does not act on: never silently ignored.
  void check_unused_keys() {
    const auto warn = [&](const std::string& key, const std::string& message,
                          const std::string& hint) {
      add(ErrorKind::config, key, {Level::warning, message, hint});
    };
    std::vector<std::string> commands;
    for (const JobConfig& job : config_->jobs) {
      if (job.schedule != manual) commands.push_back(format("'lifeboat backup {}'", job.name));
    }
    if (config_->drill && config_->drill->schedule != manual) {
      commands.push_back("'lifeboat drill'");
    }
    if (!commands.empty()) {
      warn("schedules", "this version starts nothing by itself",
           format("Call {} from cron or a systemd timer.", join(commands, " and ")));
    }
    if (format("\n{}", config_->text_without_secrets).find("\nretention:") != std::string::npos) {
      const bool is_bucket = std::holds_alternative<S3StoreConfig>(config_->store);
      if (!is_bucket) {
        warn("retention", "a folder has no lifecycle of its own",
             "Call 'lifeboat prune' from cron, after the backup.");
      }
    }
  }

  CommandContext& context_;
  const Config* config_ = nullptr;
  std::set<std::string> recipients_;
  std::vector<CheckFinding> findings_;
};

}  // namespace

std::vector<CheckFinding> run_checks(CommandContext& context) { return Checks(context).run(); }

int findings_exit_code(const std::vector<CheckFinding>& findings) {
  int code = exit_ok;
  for (const CheckFinding& one : findings) {
    if (one.finding.level != Level::error) continue;
    const int its_code = exit_code(one.area);
    code = code == exit_ok ? its_code : std::min(code, its_code);
  }
  return code;
}

}  // namespace lifeboat::cli
