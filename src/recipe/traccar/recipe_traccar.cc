#include "recipe/traccar/recipe_traccar.h"

#include <algorithm>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/details.h"
#include "recipe/mysql/prove.h"
#include "recipe/mysql/recipe_mysql.h"
#include "recipe/mysql/replace.h"
#include "recipe/traccar/configuration.h"
#include "recipe/traccar/probes.h"
#include "recipe/volume/folder.h"
#include "recipe/volume/locate.h"
#include "recipe/volume/tree.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr const char* database_default = "traccar";

std::string database_name(const Service& service, const TraccarFiles& files) {
  if (service.settings.has("database")) return service.settings.text("database");
  return files.database.empty() ? database_default : files.database;
}

class TraccarPlan final : public ServicePlan {
 public:
  TraccarPlan(const Service& service, RecipeContext& context)
      : context_(context), files_(find_traccar_files(service, context)) {
    const std::string database = database_name(service, files_);
    backup_ = back_up_mysql(service, {database}, context);
    const std::vector<std::string> excluded = service.settings.list("exclude_tables");
    count(database, excluded);
    note_files();
  }

  const Facts& facts() const override { return backup_.facts; }
  uint64_t size_estimate() const override { return backup_.bytes; }

  std::optional<Member> next() override {
    if (!backup_.members.empty()) {
      Member member = std::move(backup_.members.front());
      backup_.members.pop_front();
      return member;
    }
    for (; at_ < files_.folders.size(); ++at_) {
      const auto& [folder, prefix] = files_.folders[at_];
      if (!tree_) tree_.emplace(folder, TreeOptions{.prefix = prefix, .stop = context_.stop});
      if (std::optional<Member> member = tree_->next()) return member;
      for (std::string& told : tree_->warnings()) backup_.warnings.push_back(std::move(told));
      tree_.reset();
    }
    return std::nullopt;
  }

  std::vector<std::string> warnings() const override { return backup_.warnings; }

 private:
  void count(const std::string& database, const std::vector<std::string>& excluded) {
    std::map<std::string, uint64_t> rows;
    for (const auto& [table, number] : backup_.databases.at(0).summary.rows) {
      rows[ascii_lower(table)] = number;
    }
    for (const std::string& table : traccar_tables()) {
      const bool is_left_out =
          std::any_of(excluded.begin(), excluded.end(), [&](const std::string& name) {
            return ascii_lower(name) == ascii_lower(database) + "." + table;
          });
      if (rows.contains(table) || is_left_out) continue;
      throw Error(ErrorKind::service,
                  format("look for Traccar's tables in database '{}': there is no '{}'",
                         printable(database), table))
          .hint("Set 'database' to the one that Traccar uses.");
    }
    const auto add = [&](const char* table, Item item) {
      if (!rows.contains(table)) return;
      item.count = rows.at(table);
      backup_.facts.items.push_back(std::move(item));
    };
    add("tc_devices", {"devices", 0, "device", "devices", true});
    add("tc_users", {"users", 0, "user", "users"});
    add("tc_positions", {"positions", 0, "position", "positions"});
  }

  void note_files() {
    if (files_.folders.empty()) {
      backup_.facts.missing.push_back(
          "Traccar's configuration and media: neither 'path' nor 'volume' is set.");
      return;
    }
    backup_.facts.consistency += " Files of Traccar were copied live, after the database.";
    Json folders = Json::object();
    for (const auto& [folder, prefix] : files_.folders) {
      folders[prefix] = printable(folder.native());
      std::error_code ignored;
      if (prefix == "conf" && fs::is_regular_file(folder / "traccar.xml", ignored)) {
        backup_.facts.details["configuration"] = "conf/traccar.xml";
      }
    }
    backup_.facts.details["folders"] = std::move(folders);
    for (const auto& [folder, prefix] : files_.folders) {
      backup_.bytes += count_tree(folder, {.stop = context_.stop}).bytes;
    }
  }

  RecipeContext& context_;
  TraccarFiles files_;
  MysqlBackup backup_;
  size_t at_ = 0;
  std::optional<TreeMembers> tree_;
};

class TraccarRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info = [] {
      RecipeInfo made{"traccar", "Traccar on MariaDB or MySQL: users, devices, positions",
                      mysql_server_options()};
      made.options.push_back({"database", OptionType::text, false,
                              "its database (default: what traccar.xml names, else traccar)"});
      for (OptionSpec& option : locate_options()) made.options.push_back(std::move(option));
      return made;
    }();
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    try {
      const TraccarFiles files = find_traccar_files(service, context);
      return check_mysql(service, {database_name(service, files)}, context);
    } catch (const Error& error) {
      return {finding_of(error)};
    }
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return std::make_unique<TraccarPlan>(service, context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    std::string text =
        "Stop Traccar, restore its database, start it (the same version or a newer one) and look "
        "whether its devices are there.\n\n" +
        mysql_restore_steps(service, facts);
    const Json folders = detail_object(facts.details, "folders");
    for (const auto& [prefix, folder] : folders.items()) {
      text += format("\n`{}/{}` comes from `{}`.", service.name, prefix,
                     folder.is_string() ? folder.get<std::string>() : "?");
    }
    return text + (folders.empty() ? "" : "\n");
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    return probe_traccar(restored, context);
  }

  std::vector<Sabotage> sabotages() const override { return traccar_sabotages(); }

  std::vector<ProbeResult> prove(const RestoredService& restored, ProvingGround& ground,
                                 RecipeContext& context, std::string& why_not) const override {
    return prove_mysql(restored, ground, context, why_not,
                       [&](MysqlServer& server, std::vector<ProbeResult>& answers) {
                         ask_traccar(server, restored.expected, answers);
                       });
  }

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext& context) const override {
    return traccar_inventory(restored, context);
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    ReplaceReport report = replace_mysql(service, restored, context);
    // The live configuration names the live server and its password: it stays.
    if (restored.expected.details.contains("folders")) {
      report.done.push_back("Traccar's files were left as they are.");
    }
    return report;
  }
};

}  // namespace

std::unique_ptr<Recipe> make_traccar_recipe() { return std::make_unique<TraccarRecipe>(); }

}  // namespace lifeboat
