// Truth is the database and the key together: the REST API gives no secrets, and credentials
// without the key are noise. Everything that is counted, exported as JSON or streamed as pages
// comes from one SqliteSnapshot, so that the members cannot disagree.
//
// The REST export is fetched before the snapshot is taken: n8n must not be asked for anything while
// something of ours may keep it from writing.
#include "recipe/n8n/recipe_n8n.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <deque>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "http/client.h"
#include "io/fd.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/n8n/instance.h"
#include "recipe/n8n/probes.h"
#include "recipe/n8n/prove.h"
#include "recipe/n8n/replace_n8n.h"
#include "recipe/n8n/rest_export.h"
#include "recipe/n8n/tables.h"
#include "recipe/sqlite/probes.h"
#include "recipe/volume/folder.h"
#include "recipe/volume/locate.h"
#include "recipe/volume/meta.h"
#include "recipe/volume/tree.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t checked_keys_bytes_max = uint64_t{1} << 30;
constexpr size_t names_shown_max = 5;

FileMeta meta_of(const fs::path& file, const char* member) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    throw system_error(ErrorKind::service, format("stat '{}'", file.native()), errno);
  }
  OwnerNames owners;
  return meta_from(status, member, owners);
}

class N8nPlan final : public ServicePlan {
 public:
  N8nPlan(const Service& service, RecipeContext& context)
      : context_(context),
        folder_(find_n8n_folder(service, context)),
        key_(read_n8n_key(service, folder_)) {
    if (!key_.warning.empty()) warnings_.push_back(key_.warning);
    fetch_rest(service);
    snapshot_ = SqliteSnapshot::open(folder_ / n8n_database_name, context);
    // By its owner's ids, n8n's container can read what is restored.
    database_meta_ = meta_of(folder_ / n8n_database_name, n8n_database_name);
    require_n8n_tables(snapshot_->database());
    facts_.details = folder_details(service, folder_);
    read_facts();
    judge_credentials();
    if (rest_) {
      for (std::string& told :
           compare_workflows(workflow_names(snapshot_->database()), rest_->names)) {
        warnings_.push_back(std::move(told));
      }
    }
    list_members();
    list_folders(service);
    size_estimate_ = count_tree(folder_, {.stop = context.stop}).bytes;
  }

  const Facts& facts() const override { return facts_; }
  uint64_t size_estimate() const override { return size_estimate_; }

  std::optional<Member> next() override {
    if (!members_.empty()) {
      Member member = std::move(members_.front());
      members_.pop_front();
      return member;
    }
    while (tree_ || !folders_.empty()) {
      if (!tree_) {
        TreeOptions options;
        options.prefix = folders_.front();
        options.stop = context_.stop;
        options.sqlite = [this](const fs::path& file, FileMeta meta) {
          return snapshot_member(SqliteSnapshot::open(file, context_), std::move(meta));
        };
        tree_.emplace(folder_ / folders_.front(), options);
        folders_.pop_front();
      }
      if (std::optional<Member> member = tree_->next()) return member;
      for (std::string& told : tree_->warnings()) warnings_.push_back(std::move(told));
      tree_.reset();
    }
    return std::nullopt;
  }

  std::vector<std::string> warnings() const override { return warnings_; }

 private:
  // A witness, never a reason to fail: the database is what restores.
  void fetch_rest(const Service& service) {
    const std::string url = service.settings.text("url");
    const auto api_key = service.settings.secret("api_key");
    if (url.empty() || !api_key || api_key->empty()) {
      facts_.missing.push_back(format(
          "The REST export of the workflows (rest/workflows.json): '{}' is not set. The workflows "
          "themselves are complete, from the database.",
          url.empty() ? "url" : "api_key"));
      return;
    }
    try {
      rest_ = fetch_workflows(url, *api_key, context_);
    } catch (const Error& error) {
      std::string told = format("The REST export failed: {}.", error.what());
      for (const std::string& hint : error.hints()) told += " " + hint;
      warnings_.push_back(std::move(told));
      facts_.missing.push_back(
          "The REST export of the workflows (rest/workflows.json): n8n could "
          "not be asked. The workflows themselves are complete, from the "
          "database.");
    }
  }

  void read_facts() {
    SqliteDatabase& database = snapshot_->database();
    const auto count = [&](const char* table) { return count_rows(database, table); };
    facts_.items.push_back({"workflows", count("workflow_entity"), "workflow", "workflows", true});
    facts_.items.push_back(
        {"credentials", count("credentials_entity"), "credential", "credentials", true});
    facts_.items.push_back({"users", count("user"), "user", "users"});
    if (database.has_table("execution_entity")) {
      facts_.items.push_back({"executions", count("execution_entity"), "execution", "executions"});
    }
    facts_.details["database"] = snapshot_details(snapshot_->info());
    facts_.details["active_workflows"] =
        database.query_integer("SELECT count(*) FROM workflow_entity WHERE active");
    if (database.has_table("migrations")) {
      const auto last = database.query_list("SELECT name FROM migrations ORDER BY id DESC LIMIT 1");
      if (!last.empty()) facts_.details["last_migration"] = last.front();
    }
    if (snapshot_->size() <= checked_keys_bytes_max) {
      facts_.details["broken_foreign_keys"] = broken_foreign_keys(database);
    }
    if (rest_) facts_.details["rest_workflows"] = rest_->names.size();
    facts_.consistency = snapshot_consistency(snapshot_->info()) +
                         "; the JSON files are made from it; other files are copied as they lie";
  }

  // Tells a wrong or missing key on the first night and not on the day of the restore.
  void judge_credentials() {
    const CredentialTest test = test_credentials(snapshot_->database(), key_.passphrase.reveal());
    facts_.details["credentials_that_decrypt"] = test.total - test.failing.size();
    if (test.failing.empty()) return;
    std::string names;
    for (size_t at = 0; at < std::min(test.failing.size(), names_shown_max); ++at) {
      names += (at == 0 ? "" : ", ") + test.failing[at];
    }
    warnings_.push_back(format(
        "{} of {} credentials DO NOT DECRYPT with the key in this backup and would be lost in a "
        "restore: {}{}. Set 'encryption_key' to what n8n has in N8N_ENCRYPTION_KEY.",
        test.failing.size(), test.total, names,
        test.failing.size() > names_shown_max ? " ..." : ""));
  }

  FileMeta generated(const char* path) const {
    FileMeta meta = database_meta_;
    meta.path = path;
    meta.mode = 0600;
    meta.mtime = context_.clock.now();
    return meta;
  }

  void list_members() {
    Member workflows;
    workflows.meta = generated("workflows.json");
    workflows.open = [from = snapshot_] { return export_workflows(from); };
    Member credentials;
    credentials.meta = generated("credentials.json");
    credentials.open = [from = snapshot_] { return export_credentials(from); };
    members_.push_back(std::move(workflows));
    members_.push_back(std::move(credentials));
    if (rest_) {
      Member rest;
      rest.meta = generated("rest/workflows.json");
      rest.size = rest_->content->size();
      rest.open = [content = rest_->content] { return std::make_unique<AccessSource>(content); };
      members_.push_back(std::move(rest));
      rest_.reset();
    }
    members_.push_back(snapshot_member(std::move(snapshot_), database_meta_));
    Member config = text_member(n8n_config_name, key_.config_text, context_.clock.now());
    config.meta = generated(n8n_config_name);
    members_.push_back(std::move(config));
  }

  void list_folders(const Service& service) {
    std::error_code ignored;
    for (const char* name : n8n_binary_folders) {
      if (!fs::is_directory(folder_ / name, ignored)) continue;
      if (service.settings.flag("include_binary_data", true)) {
        folders_.emplace_back(name);
      } else {
        facts_.missing.push_back(format(
            "The folder '{}' with the files of executions: include_binary_data is false.", name));
      }
    }
    for (const char* name : n8n_other_folders) {
      if (fs::is_directory(folder_ / name, ignored)) folders_.emplace_back(name);
    }
  }

  RecipeContext& context_;
  fs::path folder_;
  N8nKey key_;
  std::optional<RestExport> rest_;
  std::shared_ptr<SqliteSnapshot> snapshot_;  // until the members hold it
  FileMeta database_meta_;
  uint64_t size_estimate_ = 0;
  Facts facts_;
  std::vector<std::string> warnings_;
  std::deque<Member> members_;
  std::deque<std::string> folders_;
  std::optional<TreeMembers> tree_;
};

constexpr const char* card =
    "Whole instance (the same or a newer n8n version):\n\n"
    "1. Stop n8n: `docker stop n8n`\n"
    "2. Put the files into its data folder, here called DATA ({1}; /home/node/.n8n in the "
    "container):\n\n"
    "       rm -f DATA/database.sqlite-wal DATA/database.sqlite-shm DATA/database.sqlite-journal\n"
    "       cp {0}/database.sqlite {0}/config DATA/\n"
    "       for folder in storage binaryData nodes custom ssh git; do\n"
    "         if [ -d {0}/$folder ]; then cp -a {0}/$folder DATA/; fi; done\n"
    "       chown -R 1000:1000 DATA && chmod 600 DATA/config\n\n"
    "3. If the container sets N8N_ENCRYPTION_KEY, it must be the encryptionKey in `config`: with "
    "another key n8n does not start, or loses every credential without a word.\n"
    "4. Start n8n: `docker start n8n`, log in, open one credential and look.\n\n"
    "Only workflows or credentials, into a running n8n that has the same key (they keep their ids; "
    "workflows come back inactive):\n\n"
    "    docker cp {0}/workflows.json n8n:/tmp/ && docker exec -u node n8n n8n import:workflow "
    "--input=/tmp/workflows.json\n"
    "    docker cp {0}/credentials.json n8n:/tmp/ && docker exec -u node n8n n8n "
    "import:credentials --input=/tmp/credentials.json\n\n"
    "`rest/workflows.json`, if it is there, is what n8n's API showed: a second witness to compare "
    "with, not to restore from.\n";

class N8nRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info = [] {
      RecipeInfo made{"n8n", "n8n on SQLite: workflows, credentials and the key that opens them",
                      locate_options()};
      for (OptionSpec& option : std::vector<OptionSpec>{
               {"url", OptionType::text, false, "where n8n answers, for the REST export"},
               {"api_key", OptionType::secret, false, "a key of n8n's public API"},
               {"encryption_key", OptionType::secret, false,
                "the value of N8N_ENCRYPTION_KEY, if n8n gets its key that way"},
               {"include_binary_data", OptionType::boolean, false,
                "keep the files of executions, storage/ and binaryData/ (default: true)"}}) {
        made.options.push_back(std::move(option));
      }
      made.options.push_back(container_option());
      return made;
    }();
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    std::vector<Finding> findings;
    try {
      const fs::path folder = find_n8n_folder(service, context);
      findings.push_back(check_database(folder, read_n8n_key(service, folder), context));
    } catch (const Error& error) {
      findings.push_back(finding_of(error));
    }
    if (service.settings.text("url").empty() || !service.settings.secret("api_key")) {
      findings.push_back({Finding::Level::warning, "no REST export: 'url' or 'api_key' is not set",
                          "Set both to keep what n8n's API shows as a second witness."});
      return findings;
    }
    try {
      check_workflows_api(service.settings.text("url"), *service.settings.secret("api_key"),
                          context);
      findings.push_back({Finding::Level::ok, "n8n's API lists the workflows", ""});
    } catch (const Error& error) {
      findings.push_back(finding_of(error));
      findings.back().level = Finding::Level::warning;  // the database is what restores
    }
    return findings;
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return with_container(std::make_unique<N8nPlan>(service, context), service, context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    return format(fmt::runtime(card), service.name, detail_text(facts.details, "source", "DATA"));
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    return probe_n8n(restored, context.stop);
  }

  std::vector<Sabotage> sabotages() const override { return n8n_sabotages(); }

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext& context) const override {
    return inventory_n8n(restored, context.stop);
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    return replace_n8n(service, restored, context);
  }

  void after_restore(const fs::path& directory) const override {
    const fs::path config = directory / n8n_config_name;
    const UniqueFd fd =
        open_file(config, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, 0, ErrorKind::verification);
    if (::fchmod(fd.get(), 0600) == 0) return;
    throw system_error(ErrorKind::service, format("set the mode of '{}'", config.native()), errno);
  }

  std::vector<ProbeResult> prove(const RestoredService& restored, ProvingGround& ground,
                                 RecipeContext& context, std::string& why_not) const override {
    return prove_n8n(restored, ground, context, why_not);
  }

 private:
  static Finding check_database(const fs::path& folder, const N8nKey& key, RecipeContext& context) {
    SqliteDatabase database(folder / n8n_database_name, SqliteOpen::live, context.stop);
    require_n8n_tables(database);
    const CredentialTest test = test_credentials(database, key.passphrase.reveal());
    if (!test.failing.empty()) {
      return {Finding::Level::warning,
              format("{} of {} credentials do not decrypt with the key in '{}'",
                     test.failing.size(), test.total, folder.native()),
              "Set 'encryption_key' to what n8n has in N8N_ENCRYPTION_KEY."};
    }
    return {key.warning.empty() ? Finding::Level::ok : Finding::Level::warning,
            format("n8n in '{}': {}, all open with its key{}", folder.native(),
                   print_count(test.total, "credential", "credentials"),
                   key.warning.empty() ? "" : "; " + key.warning),
            ""};
  }
};

}  // namespace

std::unique_ptr<Recipe> make_n8n_recipe() { return std::make_unique<N8nRecipe>(); }

}  // namespace lifeboat
