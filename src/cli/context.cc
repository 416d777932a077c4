#include "cli/context.h"

#include <sys/stat.h>

#include <cstdlib>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/keys.h"
#include "config/config.h"
#include "process/process.h"
#include "store/dir_store.h"

namespace lifeboat::cli {
namespace {

constexpr std::string_view dir_scheme = "dir:";
constexpr std::string_view s3_scheme = "s3://";

LoadOptions load_options(const RecipeRegistry& recipes, CommandContext& context) {
  LoadOptions options;
  options.recipe_options = [&recipes](std::string_view name) -> const std::vector<OptionSpec>* {
    const Recipe* recipe = recipes.find(name);
    return recipe == nullptr ? nullptr : &recipe->info().options;
  };
  options.recipe_names = recipes.names();
  use_process_environment(options);
  options.run_command = [&context](const std::vector<std::string>& argv) {
    ChildOptions child;
    child.argv = argv;
    child.stop = context.stop();
    CommandOutput result = run_command(std::move(child), context.clock());
    Secret secret(result.output);
    wipe(std::as_writable_bytes(std::span(result.output)));
    return secret;
  };
  return options;
}

Error s3_is_not_ready(ErrorKind kind) {
  return Error(kind, "open the store: s3 stores come with the next version")
      .hint("Use a folder for now, also one on a mounted disk: dir:/srv/backups.");
}

}  // namespace

std::unique_ptr<Store> open_store(const std::string& text, Random& random) {
  if (text.starts_with(dir_scheme) && text.size() > dir_scheme.size()) {
    return std::make_unique<DirStore>(
        std::filesystem::absolute(text.substr(dir_scheme.size())).lexically_normal(), random);
  }
  if (text.starts_with(s3_scheme)) throw s3_is_not_ready(ErrorKind::usage);
  Error error(ErrorKind::usage, format("'{}' does not name a store", printable(text)));
  if (text.starts_with('/') || text.starts_with('.')) {
    error.add_hint(format("Did you mean --store dir:{}?", printable(text)));
  } else {
    error.add_hint("Write it as dir:PATH, for example --store dir:/srv/backups.");
  }
  throw error;
}

CommandContext::CommandContext(Surroundings& surroundings)
    : surroundings_(surroundings),
      out_(surroundings.out),
      talk_(surroundings.talk, surroundings.terminal.talk_is_terminal, surroundings.terminal.width),
      style_(surroundings.terminal.colours) {}

CommandContext::~CommandContext() = default;

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
  config_ = std::make_unique<Config>(load_config(config_path(), load_options(recipes(), *this)));
  return *config_;
}

Store& CommandContext::store() {
  if (store_) return *store_;
  if (!options.store.empty()) {
    store_ = open_store(options.store, random());
    return *store_;
  }
  const auto* folder = std::get_if<DirStoreConfig>(&config().store);
  if (folder == nullptr) throw s3_is_not_ready(ErrorKind::config);
  store_ = std::make_unique<DirStore>(folder->path, random());
  return *store_;
}

const RecipeRegistry& CommandContext::recipes() {
  if (!recipes_) recipes_ = std::make_unique<RecipeRegistry>();
  return *recipes_;
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

std::filesystem::path CommandContext::temporary_dir() const {
  const char* variable = ::getenv("TMPDIR");
  // Not /tmp: it is memory on many systems, and a drill may extract gigabytes.
  return variable != nullptr && *variable == '/' ? variable : "/var/tmp";
}

Environment CommandContext::environment(Progress& progress) {
  const bool from_config = config_ != nullptr;
  return {store(),
          recipes(),
          clock(),
          random(),
          stop(),
          progress,
          from_config ? config_->spool_dir : temporary_dir()};
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
