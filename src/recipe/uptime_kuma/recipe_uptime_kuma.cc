#include "recipe/uptime_kuma/recipe_uptime_kuma.h"

#include <sys/stat.h>

#include <array>
#include <cerrno>
#include <deque>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/sqlite/probes.h"
#include "recipe/sqlite/snapshot.h"
#include "recipe/uptime_kuma/instance.h"
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

// Which database is not for this recipe, and what to do.
void refuse_other_database(const Service& service, const KumaInstance& kuma) {
  if (kuma.database == KumaDatabase::embedded_mariadb) {
    throw Error(ErrorKind::service,
                format("back up Uptime Kuma in '{}': its embedded MariaDB is not supported yet",
                       kuma.folder.native()))
        .hint(format("Protect it with a service of recipe 'mysql' over the socket "
                     "'{}/run/mariadb.sock', and set '{}: true' here for the rest.",
                     kuma.folder.native(), external_option));
  }
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
    if (kuma_.database == KumaDatabase::sqlite) {
      add_database();
    } else if (service.settings.flag(external_option, false)) {
      facts_.missing.emplace_back(
          "The monitors, notifications and users: they are in a MariaDB, which a service of its "
          "own "
          "protects.");
      facts_.consistency = "Files were copied one after another.";
    } else {
      refuse_other_database(service, kuma_);
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
      } else if (!service.settings.flag(external_option, false)) {
        refuse_other_database(service, kuma);
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
    return format(fmt::runtime(card), service.name, detail_text(facts.details, "source", "DATA"),
                  name.empty() ? "uptime-kuma" : name);
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    return probe_kuma(restored, context.stop);
  }

  std::vector<Sabotage> sabotages() const override { return kuma_sabotages(); }

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext& context) const override {
    return inventory_kuma(restored, context.stop);
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
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
