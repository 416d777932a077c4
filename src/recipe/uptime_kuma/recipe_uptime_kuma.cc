#include "recipe/uptime_kuma/recipe_uptime_kuma.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <deque>
#include <map>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/mysql/prove.h"
#include "recipe/sqlite/probes.h"
#include "recipe/sqlite/snapshot.h"
#include "recipe/uptime_kuma/instance.h"
#include "recipe/uptime_kuma/mariadb.h"
#include "recipe/uptime_kuma/probes.h"
#include "recipe/volume/folder.h"
#include "recipe/volume/locate.h"
#include "recipe/volume/meta.h"
#include "recipe/volume/replace.h"
#include "recipe/volume/tree.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> kept_folders{"upload", "docker-tls"};
constexpr const char* external_option = "external_database";

void refuse_external_database(const Service& service, const KumaInstance& kuma) {
  throw Error(ErrorKind::service,
              format("back up Uptime Kuma in '{}': its monitors are in the MariaDB at '{}'",
                     kuma.folder.native(), printable(kuma.server)))
      .hint(format("Protect that database with a service of recipe 'mysql', and set '{}: true' in "
                   "'{}' for the rest.",
                   external_option, service.name));
}

class KumaPlan final : public ServicePlan {
 public:
  KumaPlan(const Service& service, RecipeContext& context)
      : context_(context), kuma_(find_kuma(service, context)) {
    facts_.details = folder_details(service, kuma_.folder);
    facts_.details["type"] = kuma_.config ? type_name() : "none";
    if (kuma_.config) add_config();
    switch (kuma_.database) {
      case KumaDatabase::sqlite:
        add_database();
        break;
      case KumaDatabase::embedded_mariadb:
        add_dump(service);
        break;
      case KumaDatabase::external_mariadb:
        if (!service.settings.flag(external_option, false)) {
          refuse_external_database(service, kuma_);
        }
        facts_.missing.emplace_back(
            "The monitors, notifications and users: they are in a MariaDB, which a service of its "
            "own protects.");
        facts_.consistency = "Files were copied one after another.";
        break;
    }
    add_folders();
    std::error_code ignored;
    if (fs::is_directory(kuma_.folder / "screenshots", ignored)) {
      facts_.missing.emplace_back("The folder 'screenshots', which Uptime Kuma makes anew.");
    }
  }

  const Facts& facts() const override { return facts_; }
  uint64_t size_estimate() const override { return size_estimate_; }

  std::optional<Member> next() override {
    if (!members_.empty()) {
      Member member = std::move(members_.front());
      members_.pop_front();
      return member;
    }
    while (!trees_.empty()) {
      if (std::optional<Member> member = trees_.front().next()) return member;
      for (std::string& told : trees_.front().warnings()) warnings_.push_back(std::move(told));
      trees_.pop_front();
    }
    return std::nullopt;
  }

  std::vector<std::string> warnings() const override { return warnings_; }

 private:
  std::string type_name() const {
    switch (kuma_.database) {
      case KumaDatabase::sqlite:
        return "sqlite";
      case KumaDatabase::embedded_mariadb:
        return "embedded-mariadb";
      case KumaDatabase::external_mariadb:
        return "mariadb";
    }
    return "";
  }

  void add_config() {
    SettledFile& file = *kuma_.config;
    Member member = text_member(kuma_config_name, std::move(file.text), file.meta.mtime);
    member.meta = std::move(file.meta);
    members_.push_back(std::move(member));
  }

  void add_database() {
    const fs::path file = kuma_.folder / kuma_database_name;
    const auto snapshot = SqliteSnapshot::open(file, context_);
    SqliteDatabase& database = snapshot->database();
    require_kuma_tables(database);
    const auto count = [&](const char* table) { return count_rows(database, table); };
    facts_.items = {{"monitors", count("monitor"), "monitor", "monitors", true},
                    {"notifications", count("notification"), "notification", "notifications"},
                    {"users", count("user"), "user", "users"},
                    {"heartbeats", count("heartbeat"), "heartbeat", "heartbeats"}};
    facts_.details["database"] = snapshot_details(snapshot->info());
    facts_.details["broken_foreign_keys"] = broken_foreign_keys(database);
    facts_.consistency = snapshot_consistency(snapshot->info()) +
                         "; other files are copied as they "
                         "lie";
    size_estimate_ = snapshot->size();
    struct stat status {};
    if (::stat(file.c_str(), &status) != 0) {
      throw system_error(ErrorKind::service, format("stat '{}'", file.native()), errno);
    }
    OwnerNames owners;
    members_.push_back(snapshot_member(snapshot, meta_from(status, kuma_database_name, owners)));
  }

  void add_dump(const Service& service) {
    MysqlBackup backup = back_up_kuma_mariadb(kuma_, service, context_);
    const std::map<std::string, uint64_t>& rows = backup.databases.at(0).summary.rows;
    facts_.items = {{"monitors", rows.at("monitor"), "monitor", "monitors", true},
                    {"notifications", rows.at("notification"), "notification", "notifications"},
                    {"users", rows.at("user"), "user", "users"},
                    {"heartbeats", rows.at("heartbeat"), "heartbeat", "heartbeats"}};
    for (const auto& [name, value] : backup.facts.details.items()) facts_.details[name] = value;
    facts_.missing = std::move(backup.facts.missing);
    facts_.consistency = backup.facts.consistency + " Other files are copied as they lie.";
    warnings_ = std::move(backup.warnings);
    size_estimate_ = backup.bytes;
    for (Member& member : backup.members) members_.push_back(std::move(member));
  }

  void add_folders() {
    std::error_code ignored;
    uint64_t uploads = 0;
    for (const char* name : kept_folders) {
      const fs::path folder = kuma_.folder / name;
      if (!fs::is_directory(folder, ignored)) continue;
      const TreeCounts counts = count_tree(folder, {.stop = context_.stop});
      size_estimate_ += counts.bytes;
      if (std::string_view(name) == "upload") uploads = counts.files;
      trees_.emplace_back(folder, TreeOptions{.prefix = name, .stop = context_.stop});
    }
    facts_.items.push_back({"uploads", uploads, "upload", "uploads"});
  }

  RecipeContext& context_;
  KumaInstance kuma_;
  Facts facts_;
  std::vector<std::string> warnings_;
  std::deque<Member> members_;
  std::deque<TreeMembers> trees_;
  uint64_t size_estimate_ = 0;
};

constexpr const char* card =
    "1. Stop Uptime Kuma: `docker stop {2}`\n"
    "2. Put the files into its data folder, here called DATA ({1}; /app/data in the container):\n\n"
    "       rm -f DATA/kuma.db-wal DATA/kuma.db-shm DATA/kuma.db-journal\n"
    "       cp -a {0}/. DATA/\n\n"
    "3. Start the same or a newer version: `docker start {2}`. It changes the database forward at "
    "the start, never back; the first start of 2.x on the data of 1.x may take long.\n";

constexpr const char* mariadb_card =
    "Its embedded MariaDB ({3}) is here as SQL, databases/kuma.sql:\n\n"
    "1. Stop Uptime Kuma: `docker stop {2}`\n"
    "2. Put the other files into its data folder, here called DATA ({1}; /app/data in the "
    "container), and start it, so that it makes an empty database:\n\n"
    "       for name in db-config.json upload docker-tls; do\n"
    "         if [ -e {0}/$name ]; then cp -a {0}/$name DATA/; fi; done\n"
    "       docker start {2}\n\n"
    "3. Once it asks for its first user, load the dump over it and start it again:\n\n"
    "       docker exec -i {2} mariadb --socket=/app/data/run/mariadb.sock --user=root kuma < "
    "{0}/databases/kuma.sql\n"
    "       docker restart {2}\n\n"
    "   Where the container's own user is node, it is `--user=node`.\n";

bool is_dump(const Facts& facts) {
  return detail_text(facts.details, "type") == "embedded-mariadb";
}

class UptimeKumaRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info = [] {
      RecipeInfo made{"uptime-kuma", "Uptime Kuma: monitors, notifications, logins and uploads",
                      locate_options()};
      made.options.push_back({external_option, OptionType::boolean, false,
                              "its MariaDB is protected by a service of its own: take the rest "
                              "(default: false)"});
      made.options.push_back(container_option());
      return made;
    }();
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    std::vector<Finding> findings;
    try {
      const KumaInstance kuma = find_kuma(service, context);
      if (kuma.database == KumaDatabase::sqlite) {
        SqliteDatabase database(kuma.folder / kuma_database_name, SqliteOpen::live, context.stop);
        require_kuma_tables(database);
        findings.push_back(
            {Finding::Level::ok,
             format("Uptime Kuma in '{}': {}", printable(kuma.folder.native()),
                    print_count(count_rows(database, "monitor"), "monitor", "monitors")),
             ""});
      } else if (kuma.database == KumaDatabase::embedded_mariadb) {
        const MysqlVersion version = connect_kuma_mariadb(kuma, service, context)->version();
        findings.push_back({Finding::Level::ok,
                            format("Uptime Kuma in '{}': its embedded {} answers",
                                   printable(kuma.folder.native()), printable(version.text)),
                            ""});
      } else if (!service.settings.flag(external_option, false)) {
        refuse_external_database(service, kuma);
      }
    } catch (const Error& error) {
      findings.push_back(finding_of(error));
    }
    for (Finding& finding : check_container(service, context)) {
      findings.push_back(std::move(finding));
    }
    return findings;
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return with_container(std::make_unique<KumaPlan>(service, context), service, context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    const std::string name = detail_text(detail_object(facts.details, "container"), "name");
    return format(fmt::runtime(is_dump(facts) ? mariadb_card : card), service.name,
                  detail_text(facts.details, "source", "DATA"), name.empty() ? "uptime-kuma" : name,
                  detail_text(facts.details, "server"));
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    return probe_kuma(restored, context);
  }

  std::vector<Sabotage> sabotages() const override { return kuma_sabotages(); }

  std::vector<ProbeResult> prove(const RestoredService& restored, ProvingGround& ground,
                                 RecipeContext& context, std::string& why_not) const override {
    if (is_dump(restored.expected)) return prove_mysql(restored, ground, context, why_not);
    return Recipe::prove(restored, ground, context, why_not);
  }

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext& context) const override {
    return inventory_kuma(restored, context.stop);
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    if (is_dump(restored.expected)) return Recipe::replace(service, restored, context);
    const fs::path& from = restored.directory;
    FolderChange change{.live = find_kuma(service, context).folder};
    if (fs::exists(from / kuma_database_name)) {
      put_database(change, kuma_database_name, from / kuma_database_name);
    }
    if (fs::exists(from / kuma_config_name)) {
      change.put.emplace(kuma_config_name, from / kuma_config_name);
    } else {
      change.drop.insert(kuma_config_name);  // of a 2.x, over the data of a 1.x
    }
    for (const char* name : kept_folders) {
      if (fs::is_directory(from / name)) change.put.emplace(name, from / name);
    }
    return replace_folders(service, {change}, context);
  }
};

}  // namespace

std::unique_ptr<Recipe> make_uptime_kuma_recipe() { return std::make_unique<UptimeKumaRecipe>(); }

}  // namespace lifeboat
