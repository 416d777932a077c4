#include "recipe/supabase/recipe_supabase.h"

#include <unistd.h>

#include <cerrno>

#include "base/format.h"
#include "base/text.h"
#include "recipe/details.h"
#include "recipe/one_script.h"
#include "recipe/postgres/dump_notes.h"
#include "recipe/postgres/dump_scan.h"
#include "recipe/postgres/listing.h"
#include "recipe/postgres/options.h"
#include "recipe/postgres/probes.h"
#include "recipe/supabase/internals.h"
#include "recipe/supabase/plan.h"
#include "recipe/supabase/prove.h"
#include "recipe/volume/folder.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view card = R"(The target is a **new, empty project**, as its role `postgres`,
by the session pooler or the direct address (port 5432). Enable the extensions that the old project
had (Database > Extensions) first. The parts in their order are `roles.sql`, `schema.sql` and
`data.sql`; a single stream holds them one behind the other.

    cd {service}
    psql -X -v ON_ERROR_STOP=1 DATABASE_URL -f roles.sql -f schema.sql -f data.sql

Put no password into DATABASE_URL: psql asks for it, or takes it from PGPASSWORD or ~/.pgpass.
Afterwards: upload the files of Storage, deploy the Edge Functions, set the secrets and auth
providers, and give the new project's keys to your applications.
)";

std::vector<OptionSpec> all_options() {
  std::vector<OptionSpec> options = connection_options();
  options.push_back(
      {"database", OptionType::text, false, "the project's database (default: postgres)"});
  options.push_back({"socket", OptionType::path, false, "folder of a server's socket"});
  return options;
}

ProbeResult whole(std::string name, const fs::path& file, DumpScanOptions options,
                  const StopToken& stop) {
  ProbeResult answer{std::move(name), false, "its end marker", "", ""};
  try {
    answer.found = scan_dump_file(file, std::move(options), stop).fault();
  } catch (const Error& error) {
    answer.found = error.what();
  }
  answer.passed = answer.found.empty();
  if (answer.passed) answer.found = answer.expected;
  return answer;
}

ProbeResult probe_roles(const RestoredService& restored, const StopToken& stop) {
  const auto expected = detail_list(restored.expected.details, "roles");
  RoleScan roles;
  ProbeResult answer =
      whole("roles.sql is whole and makes the same roles", restored.directory / "roles.sql",
            {.kind = DumpKind::cluster,
             .on_line = [&](std::string_view line, bool top) { roles.on_line(line, top); }},
            stop);
  if (answer.passed && roles.roles() != expected) {
    answer.passed = false;
    answer.found =
        print_count(roles.roles().size(), "role", "roles") + ", not those of backup time";
  }
  return answer;
}

// Every table outside the platform's schemas is made before its rows come.
ProbeResult probe_schema(const RestoredService& restored, const StopToken& stop) {
  uint64_t made = 0;
  uint64_t expected = 0;
  for (const NotedDatabase& database : read_noted_databases(restored.expected.details)) {
    for (const ListedTable& table : database.tables) {
      if (!is_internal_schema(table.name.schema)) ++expected;
    }
  }
  const auto count = [&](std::string_view line, bool at_top) {
    const bool is_table = line.starts_with("CREATE TABLE IF NOT EXISTS ") &&
                          line.find(" PARTITION BY ") == std::string_view::npos;
    if (at_top && (is_table || line.starts_with("CREATE UNLOGGED TABLE "))) ++made;
  };
  ProbeResult answer = whole("schema.sql is whole and makes every table",
                             restored.directory / "schema.sql", {.on_line = count}, stop);
  answer.expected = format("at least {}", print_count(expected, "table", "tables"));
  if (answer.passed) {
    answer.passed = made >= expected;
    answer.found = print_count(made, "table", "tables");
  }
  return answer;
}

std::function<void(const RestoredService&)> cut(const char* name) {
  return [name](const RestoredService& restored) { cut_dump(restored.directory / name); };
}

class SupabaseRecipe final : public OneScriptRecipe {
 public:
  const RecipeInfo& info() const override {
    static const RecipeInfo info{
        "supabase", "a Supabase project's roles, schema and data, by pg_dump", all_options()};
    return info;
  }

  std::vector<Finding> check(const Service& service, RecipeContext& context) const override {
    try {
      PostgresClient client(read_supabase_target(service, context), context);
      client.check_version();
      return {{Finding::Level::ok,
               format("PostgreSQL {}, {}", list_server(client).version, client.client_version()),
               ""}};
    } catch (const Error& error) {
      return {finding_of(error)};
    }
  }

  std::unique_ptr<ServicePlan> plan(const Service& service, RecipeContext& context) const override {
    return plan_supabase(service, context);
  }

  std::string restore_card(const Service& service, const Facts&) const override {
    return format(card, fmt::arg("service", service.name));
  }

  std::vector<ProbeResult> probe(const RestoredService& restored,
                                 RecipeContext& context) const override {
    std::vector<ProbeResult> answers;
    const auto databases = read_noted_databases(restored.expected.details);
    for (const NotedDatabase& database : databases) {
      for (auto& one : probe_dump(restored.directory, database, context.stop)) {
        answers.push_back(std::move(one));
      }
    }
    answers.push_back({"facts name the database", databases.size() == 1, "1",
                       std::to_string(databases.size()), ""});
    answers.push_back(probe_schema(restored, context.stop));
    answers.push_back(probe_roles(restored, context.stop));
    return answers;
  }

  std::vector<Sabotage> sabotages() const override {
    return {{"missing data", "data.sql was removed",
             [](const RestoredService& restored) {
               if (::unlink((restored.directory / "data.sql").c_str()) != 0) {
                 throw system_error(ErrorKind::service, "remove the data", errno);
               }
             }},
            {"truncated data", "the end of data.sql was cut off", cut("data.sql")},
            {"truncated schema", "the end of schema.sql was cut off", cut("schema.sql")},
            {"truncated roles", "the end of roles.sql was cut off", cut("roles.sql")},
            {"missing row", "the first row of data.sql was joined with what follows",
             [](const RestoredService& restored) {
               if (!remove_first_row(restored.directory / "data.sql")) {
                 throw Error(ErrorKind::service, "damage the data: there is no row");
               }
             }}};
  }

  std::vector<InventoryEntry> inventory(const RestoredService& restored,
                                        RecipeContext& context) const override {
    std::vector<InventoryEntry> entries;
    for (const char* file : {"schema.sql", "data.sql"}) {
      add_dump_inventory(restored.directory / file, file, context.stop, entries);
    }
    add_role_inventory(restored.directory / "roles.sql", context.stop, entries);
    return entries;
  }

  std::vector<ProbeResult> prove(const RestoredService& restored, ProvingGround& ground,
                                 RecipeContext& context, std::string& why_not) const override {
    return prove_supabase(restored, ground, context, why_not);
  }

  ReplaceReport replace(const Service& service, const RestoredService&,
                        RecipeContext&) const override {
    throw Error(ErrorKind::usage,
                format("put '{}' in the place of the live project: Supabase lets nobody make its "
                       "own schemas and roles again",
                       service.name))
        .hint(
            "Restore into a new project and lead the applications there: RESTORE.md has the "
            "steps.");
  }
};

}  // namespace

std::unique_ptr<Recipe> make_supabase_recipe() { return std::make_unique<SupabaseRecipe>(); }

}  // namespace lifeboat
