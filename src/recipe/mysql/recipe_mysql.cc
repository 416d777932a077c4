#include "recipe/mysql/recipe_mysql.h"

#include "base/format.h"
#include "base/text.h"
#include "recipe/details.h"
#include "recipe/mysql/inventory.h"
#include "recipe/mysql/probes.h"
#include "recipe/mysql/prove.h"
#include "recipe/mysql/replace.h"

namespace lifeboat {
namespace {

class MysqlRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info = [] {
      RecipeInfo made{"mysql", "databases of MariaDB or MySQL, dumped by the server's own program",
                      mysql_server_options()};
      made.options.push_back({"databases", OptionType::list, false,
                              "databases to keep (default: all but the server's own)"});
      return made;
    }();
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    return check_mysql(service, service.settings.list("databases"), context);
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    MysqlBackup backup = back_up_mysql(service, service.settings.list("databases"), context);
    uint64_t tables = 0;
    uint64_t rows = 0;
    for (const DumpedDatabase& database : backup.databases) {
      tables += database.summary.rows.size();
      rows += database.summary.total_rows();
    }
    backup.facts.items = {{"databases", backup.databases.size(), "database", "databases", true},
                          {"tables", tables, "table", "tables", true},
                          {"rows", rows, "row", "rows"}};
    return std::make_unique<MysqlPlan>(std::move(backup));
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    return mysql_restore_steps(service, facts);
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    return probe_mysql(restored, context);
  }

  std::vector<Sabotage> sabotages() const override { return mysql_sabotages(); }

  std::vector<ProbeResult> prove(const RestoredService& restored, ProvingGround& ground,
                                 RecipeContext& context, std::string& why_not) const override {
    return prove_mysql(restored, ground, context, why_not);
  }

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext& context) const override {
    return inventory_of_dumps(restored, context);
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    return replace_mysql(service, restored, context);
  }
};

// How a person calls the client: on the host, or in the recorded container.
std::string client_words(const Service& service, const Facts& facts) {
  const bool is_mysql = detail_text(facts.details, "client").starts_with("mysqldump");
  const std::string client = is_mysql ? "mysql" : "mariadb";
  const std::string container = detail_text(detail_object(facts.details, "container"), "name");
  std::string words = client + " -u root";
  if (!container.empty()) {
    words = format("docker exec -i -e MYSQL_PWD {} {}", shell_word(container), words);
  }
  if (service.settings.has("socket")) {
    words += " --socket=" + shell_word(service.settings.text("socket"));
  }
  if (service.settings.has("host")) words += " --host=" + shell_word(service.settings.text("host"));
  if (service.settings.has("port")) {
    words += format(" --port={}", service.settings.number("port", 3306));
  }
  return words;
}

}  // namespace

std::optional<Member> MysqlPlan::next() {
  if (backup_.members.empty()) return std::nullopt;
  Member member = std::move(backup_.members.front());
  backup_.members.pop_front();
  return member;
}

std::string mysql_restore_steps(const Service& service, const Facts& facts) {
  const std::string client = client_words(service, facts);
  std::string steps =
      "1. Give the password of the server's root to the commands below; it appears in none of "
      "them:\n\n"
      "       read -rs MYSQL_PWD; export MYSQL_PWD\n\n"
      "2. Make each database, which must not be there, and load it (`sed` takes out a first line "
      "that older clients and MySQL's refuse):\n\n";
  const Json databases = detail_object(facts.details, "databases");
  for (const auto& [name, details] : databases.items()) {
    const std::string quoted = printable(name);
    const std::string create =
        format("CREATE DATABASE {} CHARACTER SET {} COLLATE {}", quote_name(quoted),
               detail_text(details, "charset"), detail_text(details, "collation"));
    steps += format("       echo {} | {}\n", shell_word(create), client);
    steps += format("       sed '1{{/enable the sandbox mode/d}}' {} | {} {}\n",
                    shell_word(service.name + "/" + dump_member(name)), client, shell_word(quoted));
  }
  if (facts.details.contains("accounts")) {
    steps += format(
        "\n3. Make the accounts that are missing and give all their rights; what is left out of "
        "the "
        "backup is told as an error and skipped:\n\n"
        "       {} --force < {}\n",
        client, shell_word(service.name + "/grants.sql"));
  }
  return steps +
         format(
             "\nThe dumps were made by {} from a server that calls itself {}. A newer server of "
             "the same family loads them too.\n",
             detail_text(facts.details, "client"), detail_text(facts.details, "server"));
}

std::unique_ptr<Recipe> make_mysql_recipe() { return std::make_unique<MysqlRecipe>(); }

}  // namespace lifeboat
