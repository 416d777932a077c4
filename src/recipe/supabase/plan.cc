#include "recipe/supabase/plan.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/postgres/dump_notes.h"
#include "recipe/postgres/held_snapshot.h"
#include "recipe/postgres/listing.h"
#include "recipe/postgres/options.h"
#include "recipe/supabase/internals.h"
#include "recipe/supabase/script_source.h"

namespace lifeboat {
namespace {

constexpr uint64_t roles_bytes_max = 64 * 1024 * 1024;
constexpr uint64_t transaction_pooler_port = 6543;
constexpr std::string_view reset = "RESET ALL;\n";

TableChoice choose_tables() {
  TableChoice choice;
  choice.excluded_schemas_regex = schemas_regex(schemas_without_data());
  for (const std::string_view table : tables_without_data()) {
    choice.exclude.push_back(parse_table_pattern(table));
  }
  return choice;
}

uint64_t rows_of(const std::vector<ListedTable>& tables, const TableName& name) {
  const auto found =
      std::ranges::find_if(tables, [&](const ListedTable& table) { return table.name == name; });
  return found == tables.end() ? 0 : found->rows;
}

Error refused(std::string_view part, const std::string& fault) {
  return Error(ErrorKind::service, format("dump the {}: {}", part, fault))
      .hint("The dump is not what the server counted in the same snapshot; run it again.");
}

class SupabasePlan final : public ServicePlan {
 public:
  SupabasePlan(const Service& service, RecipeContext& context)
      : context_(context),
        started_(context.clock.now()),
        client_(read_supabase_target(service, context), context),
        database_(client_.target().maintenance_database),
        choice_(choose_tables()) {
    facts_.details["server_version_num"] = client_.check_version();
    server_ = list_server(client_);
    snapshot_ = std::make_unique<HeldSnapshot>(client_, database_);
    tables_ = count_tables(client_, database_, snapshot_->name(), choice_);
    if (tables_.empty()) {
      throw Error(ErrorKind::service, "list the tables of the project: there is none")
          .hint("Even a new project has auth.users: check 'host', 'user' and 'database'.");
    }
    read_roles();
    note_facts();
  }

  const Facts& facts() const override { return facts_; }

  std::optional<Member> next() override {
    switch (position_++) {
      case 0:
        return text_member("roles.sql", std::move(roles_text_), started_);
      case 1:
        return schema_member();
      case 2:
        return data_member();
      default:
        return std::nullopt;
    }
  }

 private:
  // Small, and read at once, so that the roles that facts.json counts are those in it.
  void read_roles() {
    std::vector<std::string> arguments{"--roles-only", "--no-role-passwords", "--no-comments",
                                       "--quote-all-identifiers", "--no-password"};
    if (database_ != "postgres") arguments.push_back("--database=" + database_);
    auto scan = std::make_shared<DumpScan>(DumpScanOptions{
        .kind = DumpKind::cluster,
        .on_line = [this](std::string_view line, bool top) { roles_.on_line(line, top); }});
    ScriptSource source(client_.run("pg_dumpall", "", std::move(arguments)),
                        {"", std::string(reset), adapt_role_line}, scan);
    roles_text_ = as_text(read_all(source, roles_bytes_max, "the project's roles"));
    const std::string fault = scan->fault();
    if (!fault.empty()) throw refused("roles", fault);
  }

  void note_facts() {
    uint64_t rows = 0;
    for (const ListedTable& table : tables_) rows += table.rows;
    facts_.items = {
        {"tables", tables_.size(), "table", "tables", true},
        {"rows", rows, "row", "rows", true},
        {"auth_users", rows_of(tables_, {"auth", "users"}), "auth user", "auth users", true},
        {"storage_objects", rows_of(tables_, {"storage", "objects"}), "storage object's row",
         "storage objects' rows", false},
        {"roles", roles_.roles().size(), "role", "roles", false}};
    facts_.details["server_version"] = server_.version;
    facts_.details["client"] = client_.client_version();
    facts_.details["databases"] = note_databases({{database_, "data.sql", {}, tables_}});
    facts_.details["roles"] = roles_.roles();
    facts_.consistency =
        "Schema and data are one exported snapshot, in which the rows were counted too; the roles "
        "were read a moment later.";
    facts_.missing = {
        "the files in Storage: only their rows in storage.objects are here",
        "Edge Functions and their secrets",
        "secrets in the Vault, which no dump can decrypt",
        "the JWT secret and the API keys: a new project has its own",
        "passwords of the roles; those of auth users are hashes in auth.users and are here",
        "settings of the project: auth providers, e-mail templates, network, custom domains"};
  }

  std::vector<std::string> dump_arguments() const {
    return {"--format=plain",  "--quote-all-identifiers", "--no-password",
            "--encoding=UTF8", "--no-tablespaces",        "--snapshot=" + snapshot_->name()};
  }

  Member member(std::string path, std::function<std::unique_ptr<Source>()> open) const {
    Member made;
    made.meta.path = std::move(path);
    made.meta.mtime = started_;
    made.open = std::move(open);
    return made;
  }

  Member schema_member() {
    Member made = member("schema.sql", [this] {
      std::vector<std::string> arguments = dump_arguments();
      arguments.emplace_back("--schema-only");
      for (const std::string_view schema : internal_schemas()) {
        arguments.push_back(format("--exclude-schema={}", schema));
      }
      created_.clear();
      scan_ = std::make_shared<DumpScan>(DumpScanOptions{
          .on_line = [this](std::string_view line, bool top) { note_created(line, top); }});
      return std::make_unique<ScriptSource>(client_.run("pg_dump", database_, std::move(arguments)),
                                            ScriptParts{"", std::string(reset), adapt_schema_line},
                                            scan_);
    });
    made.judge = [this](const MemberOutcome&) {
      std::string fault = scan_->fault();
      for (const ListedTable& table : tables_) {
        if (!fault.empty()) break;
        if (is_internal_schema(table.name.schema) || created_.contains(table.name)) continue;
        fault = format("table '{}' is missing", printable(table.name.text()));
      }
      if (!fault.empty()) throw refused("schema", fault);
    };
    return made;
  }

  void note_created(std::string_view line, bool at_top) {
    constexpr std::string_view kinds[] = {"CREATE TABLE IF NOT EXISTS ", "CREATE UNLOGGED TABLE "};
    for (const std::string_view kind : kinds) {
      if (!at_top || !line.starts_with(kind)) continue;
      std::string_view rest = line.substr(kind.size());
      auto schema = take_identifier(rest);
      if (!schema || !rest.starts_with('.')) continue;
      rest.remove_prefix(1);
      if (auto table = take_identifier(rest)) created_.insert({*schema, *table});
    }
  }

  Member data_member() {
    Member made = member("data.sql", [this] {
      std::vector<std::string> arguments = dump_arguments();
      arguments.emplace_back("--data-only");
      arguments.emplace_back("--schema=*");
      for (const std::string_view schema : schemas_without_data()) {
        arguments.push_back(format("--exclude-schema={}", schema));
      }
      for (const std::string_view table : tables_without_data()) {
        arguments.push_back(format("--exclude-table={}", table));
      }
      scan_ = std::make_shared<DumpScan>(DumpScanOptions{});
      // Triggers and foreign keys rest meanwhile: the rows are as they were.
      return std::make_unique<ScriptSource>(
          client_.run("pg_dump", database_, std::move(arguments)),
          ScriptParts{"SET session_replication_role = replica;\n\n", std::string(reset), nullptr},
          scan_);
    });
    made.judge = [this](const MemberOutcome&) {
      std::string fault = scan_->fault();
      if (fault.empty()) fault = compare_tables(tables_, *scan_);
      if (!fault.empty()) throw refused("data", fault);
      snapshot_.reset();
    };
    return made;
  }

  RecipeContext context_;
  Timestamp started_;
  PostgresClient client_;
  std::string database_;
  TableChoice choice_;
  ListedServer server_;
  std::unique_ptr<HeldSnapshot> snapshot_;
  std::vector<ListedTable> tables_;
  RoleScan roles_;
  std::string roles_text_;
  std::set<TableName> created_;
  std::shared_ptr<DumpScan> scan_;
  Facts facts_;
  int position_ = 0;
};

}  // namespace

PostgresTarget read_supabase_target(const Service& service, RecipeContext& context) {
  PostgresTarget target = read_target(service, context);
  if (target.port == transaction_pooler_port) {
    throw Error(ErrorKind::service,
                "read the options of the project: port 6543 is the transaction pooler, which "
                "keeps no session for a dump")
        .hint(
            "Use the session pooler (port 5432 of the pooler's host, user postgres.REF) or the "
            "direct address db.REF.supabase.co.");
  }
  target.maintenance_database = service.settings.text("database", "postgres");
  return target;
}

std::unique_ptr<ServicePlan> plan_supabase(const Service& service, RecipeContext& context) {
  return std::make_unique<SupabasePlan>(service, context);
}

}  // namespace lifeboat
