// Who can read the backups: recipients, the private keys that lie here, who still has the others,
// and who vouches for the snapshots.
//
// That a key is offline cannot be seen; that it lies here can, and so it is looked for where people
// leave it: beside the configuration and the drill's key, and in age's usual folders.
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <map>

#include "base/error.h"
#include "base/format.h"
#include "base/locked_memory.h"
#include "base/log.h"
#include "base/text.h"
#include "cli/check/check_run.h"
#include "cli/job_request.h"
#include "cli/keys.h"
#include "config/small_file.h"
#include "snapshot/drill_evidence.h"

namespace lifeboat::cli {
namespace {

namespace fs = std::filesystem;
using Level = Finding::Level;

constexpr size_t key_bytes_max = 16 * 1024;
constexpr size_t files_max = 200;  // of one folder
constexpr std::chrono::days escrow_age_max{90};
constexpr size_t evidence_max = 30;  // opened at most; a weekly drill leaves 13

void check_recipients(CheckRun& run) {
  const EncryptionConfig& encryption = run.config().encryption;
  for (const age::Recipient& recipient : configured_recipients(encryption)) {
    run.recipients.insert(recipient.text());
  }
  if (run.recipients.empty()) {
    throw Error(ErrorKind::config, "no recipient: nobody could decrypt a backup")
        .hint(
            "Make a key with 'lifeboat keygen -o key.txt' and put its public key under "
            "encryption.recipients.");
  }
  const std::string count = print_count(run.recipients.size(), "recipient", "recipients");
  const bool was_told = encryption.recipients.size() == 1 && !encryption.recipients_file;
  if (run.recipients.size() == 1 && !was_told) {
    run.add(ErrorKind::config, "recipients",
            {Level::warning, count + ": who loses this one key loses every backup",
             "Add the public key of a second one that is kept offline, on paper or in a safe."},
            encryption.recipients_file ? "encryption.recipients_file" : "encryption.recipients");
  } else {
    run.add(ErrorKind::config, "recipients", {Level::ok, count, ""});
  }
}

void check_identity(CheckRun& run) {
  const Config& config = run.config();
  if (!config.drill || !config.drill->identity) return;  // drills may run elsewhere: see the escrow
  const fs::path& path = *config.drill->identity;
  constexpr std::string_view key = "drill.identity";
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    throw system_error(ErrorKind::crypto, format("read identity file '{}'", path.native()), errno)
        .hint("Correct drill.identity, or remove it and drill where the key is.");
  }
  if ((status.st_mode & 077) != 0) {
    run.add(
        ErrorKind::crypto, "identity",
        {Level::error,
         format("'{}' can be read by others (mode {:04o})", path.native(), status.st_mode & 07777),
         format("Make it private: chmod 600 {}", path.native())},
        key);
  }
  const auto identities = load_identities({path.native()}, run.context);
  for (const age::Identity& identity : identities) {
    const std::string text = identity.recipient().text();
    if (run.recipients.contains(text)) run.keys_here.insert(text);
  }
  if (run.keys_here.empty()) {
    run.add(
        ErrorKind::crypto, "identity",
        {Level::error,
         format("no key in '{}' belongs to a recipient: it opens no new snapshot", path.native()),
         "Add its public key ('lifeboat keygen -y FILE') to encryption.recipients."},
        key);
    return;
  }
  run.add(ErrorKind::crypto, "identity", {Level::ok, format("'{}' fits", path.native()), ""});
}

// The public halves of the keys that lie in a folder unencrypted.
void find_keys(CheckRun& run, const fs::path& folder) {
  std::error_code error;
  fs::directory_iterator at(folder, error);
  for (size_t seen = 0; !error && at != fs::directory_iterator() && seen < files_max;
       at.increment(error), ++seen) {
    if (!at->is_regular_file(error) || at->file_size(error) > key_bytes_max) continue;
    try {
      SmallFile file = read_small_file(at->path(), key_bytes_max);
      std::vector<age::Identity> found;
      if (file.text.find("AGE-SECRET-KEY-1") != std::string::npos) {
        found = age::parse_identities(file.text, at->path().native());
      }
      wipe_text(file.text);
      for (const age::Identity& one : found) {
        const std::string text = one.recipient().text();
        if (run.recipients.contains(text)) run.keys_here.insert(text);
      }
    } catch (const Error& unreadable) {
      log_debug("{}", unreadable.what());  // no key file, or not ours
    }
  }
}

void check_offline(CheckRun& run) {
  const Config& config = run.config();
  std::set<fs::path> folders{fs::absolute(run.context.config_path()).parent_path()};
  if (config.drill && config.drill->identity) {
    folders.insert(config.drill->identity->parent_path());
  }
  if (const char* home = ::getenv("HOME")) {
    for (const char* below : {".age", ".config/age", ".config/sops/age"}) {
      folders.insert(fs::path(home) / below);
    }
  }
  for (const fs::path& folder : folders) find_keys(run, folder);
  if (run.recipients.empty() || run.keys_here != run.recipients) return;
  run.add(ErrorKind::crypto, "recipients",
          {Level::warning,
           "the private keys of all recipients lie on this host: who takes it reads every backup, "
           "and if it burns a copy must exist elsewhere",
           "Make one more key on another machine ('lifeboat keygen'), keep its private half there "
           "or on paper, and add its public half to encryption.recipients."},
          "encryption.recipients");
}

void check_signing(CheckRun& run) {
  const auto tell = [&](Level level, const std::string& message, const std::string& hint) {
    run.add(ErrorKind::config, "signing", {level, message, hint}, "signing");
  };
  const Ed25519PrivateKey* key = run.context.signing_key();
  const auto& trusted = run.config().signing.trusted;
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

// After all that reads secrets: each has had its chance to fail.
void check_memory(CheckRun& run) {
  if (secrets_are_locked()) return;
  run.add(ErrorKind::config, "memory",
          {Level::warning, "keys cannot be locked into memory, and may be written to swap",
           "Raise the limit (LimitMEMLOCK= of a unit, memlock in /etc/security/limits.conf, "
           "--ulimit memlock of a container) to 8 MiB, or encrypt the swap."});
}

// By each recipient the newest evidence of which it opened the snapshot.
std::map<std::string, DrillEvidence> find_proofs(CheckRun& run) {
  Store& store = run.context.store();
  const Timestamp now = run.context.clock().now();
  std::vector<ObjectInfo> objects = store.list(drills_prefix(run.config().host));
  std::map<std::string, DrillEvidence> proofs;
  size_t opened = 0;
  for (auto object = objects.rbegin(); object != objects.rend(); ++object) {
    const auto day = parse_drill_key(object->key);
    if (!day) continue;
    if (now - Timestamp(std::chrono::sys_days(*day)) > escrow_age_max ||
        proofs.size() == run.recipients.size())
      break;
    if (++opened > evidence_max) break;
    try {
      const DrillEvidence evidence = load_drill_evidence(store, object->key);
      for (const std::string& key : evidence.opened_by) {
        if (run.recipients.contains(key)) proofs.emplace(key, evidence);
      }
    } catch (const Error& error) {
      if (error.kind() == ErrorKind::store) throw;
      log_debug("{}", error.what());  // damaged evidence proves nothing; `status` tells of it
    }
  }
  return proofs;
}

}  // namespace

void check_keys(CheckRun& run) {
  run.guarded(
      ErrorKind::config, "recipients", [&] { check_recipients(run); },
      run.config().encryption.recipients_file ? "encryption.recipients_file"
                                              : "encryption.recipients");
  run.guarded(
      ErrorKind::crypto, "identity", [&] { check_identity(run); }, "drill.identity");
  check_offline(run);
  run.guarded(ErrorKind::config, "signing", [&] { check_signing(run); });
  check_memory(run);
}

void check_escrow(CheckRun& run) {
  if (!run.listed || run.listed->empty() || run.recipients.empty()) return;
  run.guarded(ErrorKind::crypto, "private keys", [&] {
    const auto proofs = find_proofs(run);
    const Timestamp now = run.context.clock().now();
    for (const std::string& recipient : run.recipients) {
      const auto proof = proofs.find(recipient);
      const std::string name = format("private key of {}...", recipient.substr(0, 12));
      if (proof != proofs.end()) {
        const auto days = std::chrono::floor<std::chrono::days>(now - proof->second.drilled);
        run.add(ErrorKind::crypto, name,
                {Level::ok,
                 format("opened {} {} ago", proof->second.id.text(),
                        print_count(static_cast<uint64_t>(std::max<int64_t>(0, days.count())),
                                    "day", "days")),
                 ""});
      } else {
        run.add(ErrorKind::crypto, name,
                {Level::warning,
                 format("no drill of the last {} days shows that anybody still has it",
                        escrow_age_max.count()),
                 "Run 'lifeboat drill --identity KEYFILE' where it lies; KEYFILE may come from a "
                 "safe, and needs no place on this host."},
                "encryption.recipients");
      }
    }
  });
}

}  // namespace lifeboat::cli
