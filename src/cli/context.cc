#include "cli/context.h"

#include <sys/stat.h>

#include <cstdlib>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/keys.h"
#include "cli/stores.h"
#include "config/config.h"
#include "config/signing.h"
#include "process/process.h"
#include "snapshot/catalog.h"

namespace lifeboat::cli {
CommandContext::CommandContext(Surroundings& surroundings)
    : surroundings_(surroundings),
      out_(surroundings.out),
      talk_(surroundings.talk, surroundings.terminal.talk_is_terminal, surroundings.terminal.width),
      style_(surroundings.terminal.colours) {}

CommandContext::~CommandContext() = default;

LoadOptions CommandContext::load_options() {
  LoadOptions loading;
  const RecipeRegistry& known = recipes();
  loading.recipe_options = [&known](std::string_view name) -> const std::vector<OptionSpec>* {
    const Recipe* recipe = known.find(name);
    return recipe == nullptr ? nullptr : &recipe->info().options;
  };
  loading.recipe_names = known.names();
  use_process_environment(loading);
  loading.check_recipient = [](std::string_view text) { age::parse_recipient(text); };
  loading.run_command = [this](const std::vector<std::string>& argv) {
    ChildOptions child;
    child.argv = argv;
    child.stop = stop();
    child.timeout = std::chrono::minutes(2);
    CommandOutput result = run_command(std::move(child), clock());
    Secret secret(result.output);
    wipe(std::as_writable_bytes(std::span(result.output)));
    return secret;
  };
  return loading;
}

std::filesystem::path CommandContext::config_path() const {
  return options.config_path.empty() ? default_config_path : options.config_path;
}

bool CommandContext::has_config() const {
  if (config_ || !options.config_path.empty()) return true;
  struct stat status {};
  return ::stat(config_path().c_str(), &status) == 0;
}

const Config& CommandContext::config() {
  if (config_) return *config_;
  if (!has_config()) {
    Error error(ErrorKind::config,
                format("read the configuration: there is no '{}'", default_config_path));
    error.add_hint("Name it with --config FILE.");
    error.add_hint(
        "To read snapshots no configuration is needed: give --store dir:PATH and "
        "--identity FILE.");
    throw error;
  }
  config_ = std::make_unique<Config>(load_config(config_path(), load_options()));
  return *config_;
}

Store& CommandContext::store() {
  if (store_) return *store_;
  StoreAddress address;
  if (!options.store.empty()) {
    address = parse_store_address(options.store);
  } else if (const auto* folder = std::get_if<DirStoreConfig>(&config().store)) {
    address.dir = *folder;
  } else {
    address.is_s3 = true;
    address.s3 = std::get<S3StoreConfig>(config().store);
  }
  const StoreWorld world{clock(), random(), stop(), options.profile, is_impatient};
  if (address.is_s3) {
    auto bucket = open_s3_store(address.s3, world);
    s3_store_ = bucket.get();
    store_ = std::move(bucket);
  } else {
    store_ = open_dir_store(address.dir, world);
  }
  return *store_;
}

S3Store& CommandContext::s3_store() {
  if (store(); s3_store_ != nullptr) return *s3_store_;
  throw Error(ErrorKind::usage, format("{} is a folder, not a bucket", store().name()))
      .hint("A folder's old snapshots are removed by 'lifeboat prune'.");
}

const RecipeRegistry& CommandContext::recipes() {
  if (!recipes_) recipes_ = std::make_unique<RecipeRegistry>();
  return *recipes_;
}

std::vector<SnapshotId> CommandContext::snapshots() {
  try {
    return list_snapshots(store(), options.host);
  } catch (const Error& error) {
    const std::string host = default_host();
    const bool narrower = s3_store_ != nullptr && options.host.empty() && !host.empty();
    if (error.kind() != ErrorKind::store || !narrower) throw;
    std::vector<SnapshotId> own = list_snapshots(store(), host);
    talk().say(format("only '{}' is shown: this key may list no other host", host));
    return own;
  }
}

std::string CommandContext::default_host() {
  if (!options.host.empty()) return options.host;
  // A store that was named may be another machine's: the local host's name says nothing about it.
  return options.store.empty() ? config().host : "";
}

const std::vector<age::Identity>& CommandContext::identities() {
  if (identities_) return *identities_;
  std::vector<std::string> files = options.identity_files;
  const bool may_ask_config = options.store.empty() || has_config();
  if (files.empty() && may_ask_config && config().drill && config().drill->identity) {
    files.push_back(config().drill->identity->native());
  }
  identities_ = load_identities(files, *this);
  return *identities_;
}

const std::vector<age::Identity>& CommandContext::required_identities() {
  if (identities().empty()) {
    throw Error(ErrorKind::crypto, "open the snapshot: no private key was given")
        .hint("Give the file with the age key: --identity FILE.");
  }
  return *identities_;
}

const Trust& CommandContext::trust() {
  if (trust_) return *trust_;
  Trust found;
  if (!options.trusted.empty()) {
    found = load_trust(options.trusted, *this);
  } else if (options.store.empty() || has_config()) {
    try {
      found.keys = config().signing.trusted;
      if (found.keys.empty() && signing_key() != nullptr) {
        found.keys.push_back(signing_key()->public_key());
      }
    } catch (Error& error) {
      // Who named a store may well be reading on a machine whose configuration is in ruins.
      if (!options.store.empty()) error.add_hint("To read without it, give --trust KEY.");
      throw;
    }
  }
  trust_ = std::move(found);
  return *trust_;
}

const Ed25519PrivateKey* CommandContext::signing_key() {
  if (!signing_key_) signing_key_ = load_signing_key(config().signing);
  return signing_key_ ? &*signing_key_ : nullptr;
}

std::filesystem::path CommandContext::temporary_dir() const {
  const char* variable = ::getenv("TMPDIR");
  // Not /tmp: it is memory on many systems, and a drill may extract gigabytes.
  return variable != nullptr && *variable == '/' ? variable : "/var/tmp";
}

std::filesystem::path CommandContext::scratch_dir(const std::string& asked) {
  if (!asked.empty()) return asked;
  const bool from_config = options.store.empty() && config().drill;
  return from_config ? config().drill->scratch : temporary_dir();
}

Environment CommandContext::environment(Progress& progress) {
  const bool from_config = config_ != nullptr;
  return {store(),
          recipes(),
          clock(),
          random(),
          stop(),
          progress,
          from_config ? config_->spool_dir : temporary_dir(),
          trust(),
          from_config ? config_->state_dir : std::filesystem::path(),
          from_config ? config_->docker.socket : std::filesystem::path()};
}

RecipeContext CommandContext::recipe_context() {
  const Config& from = config();
  return {clock(), random(), stop(), from.spool_dir, from.state_dir, from.docker.socket};
}

void CommandContext::claim_stdin(std::string_view purpose) {
  if (!stdin_purpose_.empty()) {
    throw Error(ErrorKind::usage, format("standard input is asked for twice: as {} and as {}",
                                         stdin_purpose_, purpose))
        .hint("Give one of them as a file.");
  }
  stdin_purpose_ = purpose;
}

}  // namespace lifeboat::cli
