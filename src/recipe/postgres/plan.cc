#include "recipe/postgres/plan.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "recipe/container.h"
#include "recipe/postgres/client.h"
#include "recipe/postgres/dump_notes.h"
#include "recipe/postgres/held_snapshot.h"
#include "recipe/postgres/listing.h"
#include "recipe/postgres/options.h"

namespace lifeboat {
namespace {

constexpr uint64_t globals_bytes_max = 64 * 1024 * 1024;

// A database on its way into the archive.
struct OpenDatabase {
  ListedDatabase listed;
  std::string file;
  std::unique_ptr<HeldSnapshot> snapshot;  // until it is dumped
  std::shared_ptr<DumpScan> scan;
};

class PostgresPlan final : public ServicePlan {
 public:
  PostgresPlan(const Service& service, RecipeContext& context)
      : context_(context),
        started_(context.clock.now()),
        client_(target_of(service, context), context) {
    for (const std::string& text : service.settings.list("exclude_tables")) {
      choice_.exclude.push_back(parse_table_pattern(text));
    }
    facts_.details["server_version_num"] = client_.check_version();
    server_ = list_server(client_);
    open_databases(service.settings.list("databases"));
    read_globals();
    note_facts(service);
  }

  const Facts& facts() const override { return facts_; }

  std::optional<Member> next() override {
    if (position_ == 0) {
      ++position_;
      return text_member("globals.sql", std::move(globals_), started_);
    }
    if (position_ == 1) {
      ++position_;
      return text_member("databases.sql", print_databases(), started_);
    }
    const size_t index = position_ - 2;
    if (index >= databases_.size()) return std::nullopt;
    ++position_;
    return dump_member(databases_[index]);
  }

 private:
  static PostgresTarget target_of(const Service& service, RecipeContext& context) {
    PostgresTarget target = read_target(service, context);
    const auto databases = service.settings.list("databases");
    if (!databases.empty()) target.maintenance_database = databases.front();
    return target;
  }

  void open_databases(const std::vector<std::string>& asked) {
    for (const std::string& name : asked) {
      if (std::ranges::find(server_.databases, name) != server_.databases.end()) continue;
      throw Error(ErrorKind::service,
                  format("find database '{}': the server has none that allows connections",
                         printable(name)))
          .hint(format("It has: {}.", printable(format("{}", join(server_.databases, ", ")))));
    }
    for (const std::string& name : asked.empty() ? server_.databases : asked) {
      OpenDatabase& database = databases_.emplace_back();
      with_context(format("read database '{}'", printable(name)), [&] {
        database.listed = list_database(client_, name);
        database.file = database_file(name);
        database.snapshot = std::make_unique<HeldSnapshot>(client_, name);
        database.listed.tables = count_tables(client_, name, database.snapshot->name(), choice_);
      });
    }
    if (databases_.empty()) {
      throw Error(ErrorKind::service, "list the databases: there is none that allows connections");
    }
  }

  // Small, and read at once, so that the roles that facts.json counts are those in it.
  void read_globals() {
    std::vector<std::string> arguments{"--globals-only", "--no-tablespaces", "--no-password"};
    if (!server_.is_superuser) arguments.emplace_back("--no-role-passwords");
    const std::string& database = client_.target().maintenance_database;
    if (database != "postgres") arguments.push_back("--database=" + database);
    const auto source = client_.run("pg_dumpall", "", std::move(arguments));
    globals_ = as_text(read_all(*source, globals_bytes_max, "the server's roles"));
    DumpScan scan({.kind = DumpKind::cluster, .on_line = [&](std::string_view line, bool at_top) {
                     roles_.on_line(line, at_top);
                   }});
    scan.feed(as_bytes(globals_));
    const std::string fault = scan.fault();
    if (!fault.empty()) {
      throw Error(ErrorKind::service, format("dump the roles: {}", fault))
          .hint("Run pg_dumpall --globals-only by hand to see where it stops.");
    }
    if (roles_.roles().empty()) throw Error(ErrorKind::service, "dump the roles: there is none");
  }

  void note_facts(const Service& service) {
    std::vector<NotedDatabase> noted;
    uint64_t tables = 0;
    uint64_t rows = 0;
    for (const OpenDatabase& database : databases_) {
      const ListedDatabase& listed = database.listed;
      noted.push_back({listed.name, database.file, listed.extensions, listed.tables});
      tables += listed.tables.size();
      for (const ListedTable& table : listed.tables) rows += table.rows;
    }
    facts_.items = {{"databases", noted.size(), "database", "databases", true},
                    {"tables", tables, "table", "tables", true},
                    {"rows", rows, "row", "rows", true},
                    {"roles", roles_.roles().size(), "role", "roles", false}};
    facts_.details["server_version"] = server_.version;
    facts_.details["client"] = client_.client_version();
    facts_.details["databases"] = note_databases(noted);
    facts_.details["roles"] = roles_.roles();
    if (client_.target().container) {
      facts_.details["container"] = container_details(*client_.target().container);
    }
    facts_.consistency =
        "Each database is one exported snapshot, in which its rows were counted too; the "
        "snapshots of several databases, and the roles, are seconds apart.";
    note_missing(service);
  }

  void note_missing(const Service& service) {
    for (const std::string& pattern : service.settings.list("exclude_tables")) {
      facts_.missing.push_back(format(
          "rows of the tables that match '{}', as 'exclude_tables' asks", printable(pattern)));
    }
    if (!server_.is_superuser) {
      facts_.missing.emplace_back("passwords of the roles: only a superuser can read them");
    }
    if (server_.has_tablespaces) {
      facts_.missing.emplace_back("tablespaces: everything comes back in the server's default one");
    }
  }

  std::string print_databases() const {
    std::string text = "-- The databases and their properties. Run it before their dumps.\n";
    for (const OpenDatabase& database : databases_) {
      text += format("\n-- database: {}\n", percent_encode(database.listed.name));
      for (const std::string& line : database.listed.create_statements) text += line + "\n";
    }
    return text;
  }

  Member dump_member(OpenDatabase& database) {
    Member member;
    member.meta.path = database.file;
    member.meta.mtime = started_;
    member.open = [this, &database] {
      std::vector<std::string> arguments{"--format=plain", "--no-tablespaces", "--no-password",
                                         "--snapshot=" + database.snapshot->name()};
      if (database.listed.is_utf8_ready) arguments.emplace_back("--encoding=UTF8");
      for (const TablePattern& pattern : choice_.exclude) {
        arguments.push_back("--exclude-table-data=" + pattern.dump_form);
      }
      database.scan = std::make_shared<DumpScan>(DumpScanOptions{});
      return std::make_unique<ScanSource>(
          client_.run("pg_dump", database.listed.name, std::move(arguments)), database.scan);
    };
    member.judge = [&database](const MemberOutcome&) { judge(database); };
    return member;
  }

  static void judge(OpenDatabase& database) {
    std::string fault = database.scan->fault();
    if (fault.empty()) fault = compare_tables(database.listed.tables, *database.scan);
    if (!fault.empty()) {
      throw Error(ErrorKind::service,
                  format("dump database '{}': {}", printable(database.listed.name), fault))
          .hint("The dump is not what the server counted in the same snapshot; run it again.");
    }
    database.snapshot.reset();
    database.scan.reset();
  }

  RecipeContext context_;
  Timestamp started_;
  PostgresClient client_;
  TableChoice choice_;
  ListedServer server_;
  std::vector<OpenDatabase> databases_;  // not moved once opened: members refer to them
  std::string globals_;
  RoleScan roles_;
  Facts facts_;
  size_t position_ = 0;
};

}  // namespace

std::unique_ptr<ServicePlan> plan_postgres(const Service& service, RecipeContext& context) {
  return std::make_unique<PostgresPlan>(service, context);
}

}  // namespace lifeboat
