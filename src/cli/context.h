// What every command is given: its surroundings, the options that commands share, and what follows
// from them (configuration, store, keys), made when first asked for. A command that is told
// --store and --identity therefore works on a machine without any configuration.
#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/random.h"
#include "base/stop.h"
#include "cli/output.h"
#include "cli/table.h"
#include "cli/terminal.h"
#include "codec/age/age.h"
#include "crypto/ed25519.h"
#include "engine/environment.h"
#include "snapshot/layout.h"
#include "snapshot/trust.h"
#include "store/store.h"

namespace lifeboat {
struct Config;
struct LoadOptions;
class S3Store;
}  // namespace lifeboat

namespace lifeboat::cli {

// The world as the program sees it; a test has its own.
struct Surroundings {
  Sink& out;
  Sink& talk;
  TerminalTraits terminal;
  Clock& clock;
  Random& random;
  StopToken stop;
};

struct SharedOptions {
  bool json = false;
  bool quiet = false;
  std::string config_path;  // empty: the default one
  std::string store;        // empty: the configuration's
  std::string host;         // empty: the configuration's, or the store's only one
  std::string profile;      // of the shared credentials file, for s3; empty: the usual keys
  std::vector<std::string> identity_files;
  std::string passphrase_file;
  std::vector<std::string> trusted;  // public signing keys, files of them, or "any"
};

inline constexpr std::string_view default_config_path = "/etc/lifeboat/lifeboat.yaml";

// One command. Everything it hands out lives as long as it does.
class CommandContext {
 public:
  explicit CommandContext(Surroundings& surroundings);
  ~CommandContext();

  SharedOptions options;
  // A store that does not answer is given up after seconds, not minutes: a person waits.
  bool is_impatient = false;
  // What the chosen command does; returns the exit code.
  std::function<int()> action;

  Output& out() { return out_; }
  Talk& talk() { return talk_; }
  const Style& style() const { return style_; }
  const TerminalTraits& terminal() const { return surroundings_.terminal; }
  Clock& clock() { return surroundings_.clock; }
  Random& random() { return surroundings_.random; }
  const StopToken& stop() const { return surroundings_.stop; }
  // For a command that runs others.
  Surroundings& surroundings() { return surroundings_; }

  std::filesystem::path config_path() const;
  // Whether one was named, or is at the usual place.
  bool has_config() const;
  // Whether this runs for the configuration, and not for a store that was named without any.
  bool is_at_home() const { return options.store.empty() || !options.config_path.empty(); }
  // Throws ConfigErrors that hold every fault. Its warnings are for `backup` and `check` to tell:
  // who reads snapshots has other worries.
  const Config& config();
  // With which it is loaded; refers to this context.
  LoadOptions load_options();
  Store& store();
  // The same, for what only a bucket has: Error(usage) for another store.
  S3Store& s3_store();
  const RecipeRegistry& recipes();
  // Of --host, else of all hosts; of the configuration's alone, with a note, if the key of an s3
  // store may list no others.
  std::vector<SnapshotId> snapshots();
  // Empty: the store decides.
  std::string default_host();
  // Private keys of --identity, else of the configuration; none if neither names any.
  const std::vector<age::Identity>& identities();
  // The same, but Error(crypto) if there are none.
  const std::vector<age::Identity>& required_identities();
  // Whose snapshots are believed: the keys of --trust, else of the configuration, of which the
  // signing key itself is one if no others are named. Without any, everything is.
  const Trust& trust();
  // Null if the configuration names none.
  const Ed25519PrivateKey* signing_key();
  // Where encrypted spool files and scratch folders go when nothing else is said.
  std::filesystem::path temporary_dir() const;
  // Parent of scratch folders: what was asked for, else the configuration's, else the above.
  std::filesystem::path scratch_dir(const std::string& asked);
  Environment environment(Progress& progress);
  // What recipes may use of the world, as the configuration has it.
  RecipeContext recipe_context();

  // stdin can be read once: throws Error(usage) at the second claim.
  void claim_stdin(std::string_view purpose);

 private:
  Surroundings& surroundings_;
  Output out_;
  Talk talk_;
  Style style_;
  std::string stdin_purpose_;
  std::unique_ptr<Config> config_;
  std::unique_ptr<Store> store_;
  S3Store* s3_store_ = nullptr;  // `store_`, if it is one
  std::unique_ptr<RecipeRegistry> recipes_;
  std::optional<std::vector<age::Identity>> identities_;
  std::optional<Trust> trust_;
  std::optional<Ed25519PrivateKey> signing_key_;
};

}  // namespace lifeboat::cli
