// Two copies of one Grafana, for two days. The database and the secret key bring back everything,
// secrets, users and tokens included, into the same version. The export of the API goes into any
// Grafana, newer or elsewhere, and can be read and compared; but the API gives no secrets of data
// sources, no passwords and no tokens. Either is enough for a backup, and each says what it lacks.
#include "recipe/grafana/recipe_grafana.h"

#include <sys/stat.h>

#include <cerrno>
#include <deque>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/grafana/api.h"
#include "recipe/grafana/export.h"
#include "recipe/grafana/instance.h"
#include "recipe/grafana/probes.h"
#include "recipe/grafana/replace.h"
#include "recipe/grafana/secrets.h"
#include "recipe/sqlite/probes.h"
#include "recipe/sqlite/snapshot.h"
#include "recipe/volume/folder.h"
#include "recipe/volume/locate.h"
#include "recipe/volume/meta.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t annotation_days_default = 365;
constexpr size_t names_shown_max = 5;

std::string named(const std::vector<std::string>& all) {
  std::vector<std::string> shown(
      all.begin(), all.begin() + static_cast<ptrdiff_t>(std::min(all.size(), names_shown_max)));
  return format("{}{}", join(shown, ", "), all.size() > shown.size() ? " ..." : "");
}

FileMeta meta_of(const fs::path& file, const char* member) {
  struct stat status {};
  if (::stat(file.c_str(), &status) != 0) {
    throw system_error(ErrorKind::service, format("stat '{}'", file.native()), errno);
  }
  OwnerNames owners;
  return meta_from(status, member, owners);
}

class GrafanaPlan final : public ServicePlan {
 public:
  GrafanaPlan(const Service& service, RecipeContext& context) : context_(context) {
    const bool has_url = !service.settings.text("url").empty();
    const bool has_folder = has_grafana_folder(service);
    if (!has_url && !has_folder) {
      throw Error(
          ErrorKind::service,
          format("back up Grafana '{}': neither 'url' nor 'path' or 'volume' is set", service.name))
          .hint("Set 'url' for the export, 'path' or 'volume' for the database, best both.");
    }
    // First the export: Grafana must not be asked while a snapshot may keep it from writing.
    if (has_url) export_by_api(service, has_folder);
    if (has_folder) read_database(service);
    if (!has_url) {
      facts_.missing.push_back(
          "The export of the API (export/): 'url' is not set. The database holds all of it.");
    }
    facts_.consistency = consistency_;
  }

  const Facts& facts() const override { return facts_; }
  uint64_t size_estimate() const override { return size_estimate_; }
  std::optional<Member> next() override {
    if (members_.empty()) return std::nullopt;
    Member member = std::move(members_.front());
    members_.pop_front();
    return member;
  }
  std::vector<std::string> warnings() const override { return warnings_; }

 private:
  void export_by_api(const Service& service, bool has_folder) {
    GrafanaApi api(grafana_access(service.settings), context_);
    ExportFiles files(context_.spool_dir, context_.random);
    GrafanaExportOptions options;
    options.annotation_days = service.settings.number("annotation_days", annotation_days_default);
    const std::string begun = print_time(context_.clock.now());
    GrafanaExport made = export_grafana(api, options, context_, files);
    const std::string ended = print_time(context_.clock.now());
    for (const GrafanaKind& kind : grafana_kinds()) {
      add_item(made, {kind.item, 0, kind.singular, kind.plural, kind.headline});
    }
    add_item(made, {"alert_rules", 0, "alert rule", "alert rules", true});
    add_item(made, {"users", 0, "user", "users"});
    if (options.annotation_days > 0) {
      add_item(made, {"annotations", 0, "annotation", "annotations"});
    }
    facts_.details["version"] = made.version;
    facts_.details["organizations"] = Json::array();
    for (const GrafanaOrg& org : made.orgs) {
      facts_.details["organizations"].push_back(printable(org.name));
    }
    facts_.details["dangling_sources"] = made.dangling_sources;
    warnings_.insert(warnings_.end(), made.warnings.begin(), made.warnings.end());
    facts_.missing = std::move(made.missing);
    if (!has_folder) tell_what_no_api_gives();
    consistency_ = format(
        "The export was read by the API from {} to {}, each list until it stood still between two "
        "readings; what changed meanwhile may be of either moment.",
        begun, ended);
    for (Member& member : files.members(context_.clock.now()))
      members_.push_back(std::move(member));
    size_estimate_ += files.bytes();
  }

  void add_item(const GrafanaExport& made, Item item) {
    const auto found = made.counts.find(item.key);
    item.count = found == made.counts.end() ? 0 : found->second;
    facts_.items.push_back(std::move(item));
  }

  void tell_what_no_api_gives() {
    facts_.missing.push_back(
        "The secrets of data sources: Grafana's API does not give them. Set 'path' or 'volume' to "
        "keep grafana.db, which holds them.");
    facts_.missing.push_back(
        "Passwords of users, tokens of service accounts, playlists, public dashboards and "
        "dashboard versions: they are in grafana.db alone.");
  }

  void read_database(const Service& service) {
    const fs::path folder = find_grafana_folder(service, context_);
    const GrafanaKey key = find_grafana_key(service, folder, context_);
    if (!key.warning.empty()) warnings_.push_back(key.warning);
    const FileMeta meta = meta_of(folder / grafana_database_name, grafana_database_name);
    auto snapshot = SqliteSnapshot::open(folder / grafana_database_name, context_);
    SqliteDatabase& database = snapshot->database();
    if (!database.has_table("dashboard") || !database.has_table("data_source")) {
      throw Error(ErrorKind::service, format("read '{}': it is no database of Grafana",
                                             (folder / grafana_database_name).native()));
    }
    const Json located = folder_details(service, folder);
    for (const auto& [name, value] : located.items()) {
      facts_.details[name] = value;
    }
    Json details = snapshot_details(snapshot->info());
    details["rows"] = count_grafana_rows(database);
    const GrafanaSecretTest test = test_grafana_secrets(database, key.key.reveal());
    details["secrets_that_decrypt"] = test.total - test.failing.size();
    judge_secrets(test);
    if (facts_.items.empty()) {
      const auto rows = [&](const char* table) { return detail_number(details["rows"], table); };
      facts_.items.push_back({"dashboards", rows("dashboard"), "dashboard", "dashboards", true});
      facts_.items.push_back({"datasources", rows("data_source"), "data source", "data sources"});
    }
    facts_.details["database"] = std::move(details);
    consistency_ +=
        (consistency_.empty() ? "" : " The database: ") + snapshot_consistency(snapshot->info());
    tell_plugins(folder);
    size_estimate_ += snapshot->size();
    members_.push_back(snapshot_member(std::move(snapshot), meta));
    if (!key.ini.empty()) {
      members_.push_back(text_member(grafana_ini_name, key.ini, context_.clock.now()));
    }
    members_.push_back(
        text_member(grafana_key_name, std::string(key.key.reveal()), context_.clock.now()));
  }

  // Tells a wrong key on the first night and not on the day of the restore.
  void judge_secrets(const GrafanaSecretTest& test) {
    if (!test.failing.empty()) {
      warnings_.push_back(format(
          "{} of {} secrets DO NOT DECRYPT with the key in this backup and would be lost in a "
          "restore: {}. Set 'secret_key' to what Grafana has in GF_SECURITY_SECRET_KEY.",
          test.failing.size(), test.total, named(test.failing)));
    }
    if (test.unknown > 0) {
      facts_.missing.push_back(
          format("The key of {}: a KMS keeps it, and a restore needs access to the same one.",
                 print_count(test.unknown, "secret", "secrets")));
    }
  }

  void tell_plugins(const fs::path& folder) {
    const std::vector<std::string> plugins = grafana_plugins(folder);
    if (plugins.empty()) return;
    facts_.details["plugins"] = plugins;
    facts_.missing.push_back(
        format("The plugins themselves ({}): install them again.", join(plugins, ", ")));
  }

  RecipeContext& context_;
  Facts facts_;
  std::string consistency_;
  std::vector<std::string> warnings_;
  std::deque<Member> members_;
  uint64_t size_estimate_ = 0;
};

constexpr const char* card =
    "Everything, secrets and users included (the same or a newer Grafana):\n\n"
    "1. Stop Grafana: `docker stop grafana`\n"
    "2. Put the database into its data folder, here called DATA ({1}; /var/lib/grafana in the "
    "container):\n\n"
    "       rm -f DATA/grafana.db-wal DATA/grafana.db-shm DATA/grafana.db-journal\n"
    "       cp {0}/grafana.db DATA/ && chown 472:0 DATA/grafana.db && chmod 640 DATA/grafana.db\n\n"
    "3. Grafana must get the key that is in `{0}/secret_key`, as GF_SECURITY_SECRET_KEY or as "
    "`secret_key` in the section [security] of grafana.ini: with another key it starts, and every "
    "data source fails to log in.\n"
    "4. Install the plugins that it had: {2}\n"
    "5. Start Grafana: `docker start grafana`, open a dashboard, and press `Save & test` on one "
    "data source.\n\n"
    "Single things, into any running Grafana (URL; TOKEN of a service account with the role "
    "Admin), parents and data sources first:\n\n"
    "    cd {0}/export/org-1\n"
    "    (umask 077; printf 'Authorization: Bearer %s\\n' \"$TOKEN\" > token.header)\n"
    "    api() {{ curl -sS --fail-with-body -H @token.header -H 'X-Disable-Provenance: true' "
    "-H 'Content-Type: application/json' \"$@\"; echo; }}\n"
    "    jq '{{uid, title, parentUid}}' folders/UID.json | api -d @- \"$URL/api/folders\"\n"
    "    jq 'del(.id, .orgId, .readOnly, .secureJsonFields, .version)' datasources/UID.json | "
    "api -d @- \"$URL/api/datasources\"\n"
    "    jq '{{uid, name, kind, model, folderUid}}' library-elements/UID.json | "
    "api -d @- \"$URL/api/library-elements\"\n"
    "    jq '{{dashboard: (.dashboard | .id = null), folderUid: .meta.folderUid, overwrite: "
    "true}}' "
    "dashboards/UID.json | api -d @- \"$URL/api/dashboards/db\"\n"
    "    jq -c '.rules[]' alert-rules/FOLDER%2FGROUP.json | while read -r rule; do "
    "api -d \"$rule\" \"$URL/api/v1/provisioning/alert-rules\"; done\n"
    "    api -X PUT -d @alert-rules/FOLDER%2FGROUP.json "
    "\"$URL/api/v1/provisioning/folder/FOLDER/rule-groups/GROUP\"\n"
    "    rm token.header\n\n"
    "The last `api` sets the group's interval. `contact-points-export.json` holds the contact "
    "points with their secrets; enter those by hand. A live restore by Lifeboat does all of this "
    "in order, with ids, owners and secrets put right.\n";

class GrafanaRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info = [] {
      RecipeInfo made{"grafana", "Grafana: dashboards, alerting, data sources and their secrets",
                      grafana_access_options()};
      for (OptionSpec& option : locate_options()) made.options.push_back(std::move(option));
      for (OptionSpec& option : std::vector<OptionSpec>{
               {"secret_key", OptionType::secret, false,
                "the value of GF_SECURITY_SECRET_KEY, if neither grafana.ini nor the container has "
                "it"},
               {"ini", OptionType::path, false,
                "the configuration file (default: grafana.ini in the folder, if it is there)"},
               {"annotation_days", OptionType::integer, false,
                "how far back annotations are exported; 0: none (default: 365)"}}) {
        made.options.push_back(std::move(option));
      }
      made.options.push_back(container_option());
      return made;
    }();
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    std::vector<Finding> findings;
    const auto finding = [&](const std::function<Finding()>& look) {
      try {
        findings.push_back(look());
      } catch (const Error& error) {
        findings.push_back(finding_of(error));
      }
    };
    const bool has_url = !service.settings.text("url").empty();
    if (has_url) finding([&] { return check_api(service, context); });
    if (has_grafana_folder(service)) {
      finding([&] { return check_database(service, context); });
    } else {
      findings.push_back({has_url ? Finding::Level::warning : Finding::Level::error,
                          "no database: neither 'path' nor 'volume' is set",
                          "Set one: the API gives no secrets, passwords and tokens."});
    }
    for (Finding& one : check_container(service, context)) findings.push_back(std::move(one));
    return findings;
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    auto made = std::make_unique<GrafanaPlan>(service, context);
    if (!has_grafana_folder(service) && !service.settings.has("container")) return made;
    return with_container(std::move(made), service, context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    const std::vector<std::string> plugins = detail_list(facts.details, "plugins");
    return format(fmt::runtime(card), service.name, detail_text(facts.details, "source", "DATA"),
                  plugins.empty() ? "none" : format("{}", join(plugins, ", ")));
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    return probe_grafana(restored, context.stop);
  }

  std::vector<Sabotage> sabotages() const override { return grafana_sabotages(); }

  std::vector<ProbeResult> prove(const RestoredService& restored, ProvingGround& ground,
                                 RecipeContext& context, std::string& why_not) const override {
    return prove_grafana(restored, ground, context, why_not);
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    return replace_grafana(service, restored, context);
  }

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext&) const override {
    return inventory_of_grafana(restored);
  }

 private:
  static Finding check_api(const Service& service, RecipeContext& context) {
    GrafanaApi api(grafana_access(service.settings), context);
    bool is_all = false;
    const std::vector<GrafanaOrg> orgs = api.orgs(is_all);
    const std::string version = api.version();
    for (const char* path : {"/api/datasources", "/api/v1/provisioning/alert-rules"}) {
      if (api.ask(path, {403}).status == 403) {
        return {Finding::Level::error, format("Grafana {} answers 403 to GET {}", version, path),
                "The service account or user needs the role Admin."};
      }
    }
    return {Finding::Level::ok,
            format("Grafana {} answers: {}{}", version,
                   print_count(orgs.size(), "organization", "organizations"),
                   is_all ? "" : ", the one of the token or user"),
            ""};
  }

  static Finding check_database(const Service& service, RecipeContext& context) {
    const fs::path folder = find_grafana_folder(service, context);
    const GrafanaKey key = find_grafana_key(service, folder, context);
    SqliteDatabase database(folder / grafana_database_name, SqliteOpen::live, context.stop);
    const GrafanaSecretTest test = test_grafana_secrets(database, key.key.reveal());
    if (!test.failing.empty()) {
      return {Finding::Level::error,
              format("{} of {} secrets do not decrypt with the key of '{}': {}",
                     test.failing.size(), test.total, folder.native(), named(test.failing)),
              "Set 'secret_key' to what Grafana has in GF_SECURITY_SECRET_KEY."};
    }
    return {key.warning.empty() ? Finding::Level::ok : Finding::Level::warning,
            format("Grafana's database in '{}': {}, all open with its key", folder.native(),
                   print_count(test.total, "secret", "secrets")),
            key.warning};
  }
};

}  // namespace

std::unique_ptr<Recipe> make_grafana_recipe() { return std::make_unique<GrafanaRecipe>(); }

}  // namespace lifeboat
