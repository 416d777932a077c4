#include "recipe/postgres/recipe_postgres.h"

#include "base/format.h"
#include "base/text.h"
#include "recipe/container.h"
#include "recipe/details.h"
#include "recipe/postgres/client.h"
#include "recipe/postgres/dump_notes.h"
#include "recipe/postgres/listing.h"
#include "recipe/postgres/options.h"
#include "recipe/postgres/plan.h"
#include "recipe/postgres/probes.h"
#include "recipe/postgres/prove.h"
#include "recipe/postgres/replace.h"
#include "recipe/volume/folder.h"

namespace lifeboat {
namespace {

constexpr std::string_view card_head = R"(Into an empty server of at least version {version}, as its
superuser, in the folder `{service}`:

    psql -X -v ON_ERROR_STOP=0 -d postgres -f globals.sql
    psql -X -v ON_ERROR_STOP=0 -d postgres -f databases.sql
)";

constexpr std::string_view card_tail = R"(
The first two go on after an error, because some roles (at least `postgres`) and the database
`postgres` are there already in a new server; any other error matters. The dumps must run without
one. Then `ANALYZE;` in each database, and compare `SELECT count(*)` with `facts.json`.
To look at a database beside the living one, `createdb -T template0 OTHER` and load its dump there.
)";

std::vector<OptionSpec> all_options() {
  std::vector<OptionSpec> options{
      {"container", OptionType::text, false,
       "the server's container: the programs run in there, over its socket"}};
  for (OptionSpec& option : connection_options()) options.push_back(std::move(option));
  options.push_back({"socket", OptionType::path, false, "folder of the server's socket"});
  options.push_back({"databases", OptionType::list, false,
                     "which databases (default: all that allow connections but templates)"});
  options.push_back({"exclude_tables", OptionType::list, false,
                     "tables SCHEMA.TABLE whose rows are left out, * and ? allowed"});
  options.push_back({"restore_user", OptionType::text, false,
                     "the role that replaces live databases (default: user)"});
  options.push_back({"restore_password", OptionType::secret, false, "its password"});
  return options;
}

class PostgresRecipe final : public Recipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info{
        "postgres", "the databases and roles of a PostgreSQL server, by pg_dump", all_options()};
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    try {
      for (const std::string& text : service.settings.list("exclude_tables")) {
        parse_table_pattern(text);
      }
      PostgresClient client(read_target(service, context), context);
      client.check_version();
      const ListedServer server = list_server(client);
      std::vector<Finding> findings;
      findings.push_back({Finding::Level::ok,
                          format("PostgreSQL {}, {}, {}", server.version, client.client_version(),
                                 print_count(server.databases.size(), "database", "databases")),
                          ""});
      return findings;
    } catch (const Error& error) {
      return {finding_of(error)};
    }
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return plan_postgres(service, context);
  }

  std::string restore_card(const Service& service, const Facts& facts) const override {
    const std::string version = detail_text(facts.details, "server_version", "?");
    std::string card =
        format(card_head, fmt::arg("version", printable(version.substr(0, version.find('.')))),
               fmt::arg("service", service.name));
    for (const NotedDatabase& database : read_noted_databases(facts.details)) {
      card += format("    psql -X -v ON_ERROR_STOP=1 -d {} -f {}\n",
                     shell_word(printable(database.name)), shell_word(database.file));
    }
    return card + std::string(card_tail);
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    return probe_postgres(restored, context);
  }

  std::vector<Sabotage> sabotages() const override { return postgres_sabotages(); }

  std::vector<ProbeResult> prove(const RestoredService& restored, ProvingGround& ground,
                                 RecipeContext& context, std::string& why_not) const override {
    return prove_postgres(restored, ground, context, why_not);
  }

  ReplaceReport replace(const Service& service, const RestoredService& restored,
                        RecipeContext& context) const override {
    return replace_postgres(service, restored, context);
  }

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext& context) const override {
    return postgres_inventory(restored, context);
  }
};

}  // namespace

std::unique_ptr<Recipe> make_postgres_recipe() { return std::make_unique<PostgresRecipe>(); }

}  // namespace lifeboat
