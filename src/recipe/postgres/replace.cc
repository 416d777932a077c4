#include "recipe/postgres/replace.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/log.h"
#include "base/text.h"
#include "io/no_links.h"
#include "recipe/details.h"
#include "recipe/postgres/client.h"
#include "recipe/postgres/dump_notes.h"
#include "recipe/postgres/listing.h"
#include "recipe/postgres/options.h"
#include "recipe/postgres/prove.h"

namespace lifeboat {
namespace {

constexpr uint64_t script_bytes_max = 64 * 1024 * 1024;
constexpr uint64_t version_parts = 10000;
constexpr size_t name_bytes_max = 63;  // PostgreSQL cuts longer ones
constexpr int session_rounds = 100;
constexpr auto session_pause = std::chrono::milliseconds(100);

// "20260507_020000"
std::string stamp_of(Timestamp time) {
  std::string date = print_date(date_of(time));
  std::erase(date, '-');
  return format("{}_{}", date, print_compact_time_of_day(time));
}

// `name` with a suffix, cut to what a name may have without cutting a letter.
std::string suffixed(const std::string& name, const std::string& suffix) {
  size_t kept = std::min(name.size(), name_bytes_max - suffix.size());
  while (kept < name.size() && (static_cast<unsigned char>(name[kept]) & 0xC0) == 0x80) --kept;
  return name.substr(0, kept) + suffix;
}

struct Incoming {
  NotedDatabase noted;
  std::string fresh;   // what it is called until the swap
  std::string before;  // what the living one is called afterwards
  bool is_living = false;
  std::vector<std::string> statements;  // of databases.sql; the first is CREATE DATABASE
};

class Replacement {
 public:
  Replacement(const Service& service, const RestoredService& restored, RecipeContext& context)
      : restored_(restored), context_(context), client_(target_of(service, context), context) {}

  ReplaceReport run() {
    check_versions();
    read_incoming();
    add_roles();
    try {
      for (const Incoming& one : incoming_) load(one);
      swap();
    } catch (...) {
      drop_fresh();
      throw;
    }
    set_properties();
    return std::move(report_);
  }

 private:
  // The databases that are renamed must not be the one that is connected to.
  static PostgresTarget target_of(const Service& service, RecipeContext& context) {
    PostgresTarget target = read_target(service, context);
    target.maintenance_database = "template1";
    // Who makes backups should not be able to change anything.
    if (service.settings.has("restore_user")) {
      target.user = service.settings.text("restore_user");
      target.password = service.settings.secret("restore_password");
    }
    return target;
  }

  void check_versions() {
    const uint64_t live = client_.check_version() / version_parts;
    const uint64_t dumped =
        detail_number(restored_.expected.details, "server_version_num") / version_parts;
    if (live >= dumped) return;
    throw Error(ErrorKind::service,
                format("restore dumps of PostgreSQL {} into PostgreSQL {}", dumped, live))
        .hint("Restore into a server of at least that version.");
  }

  void read_incoming() {
    const std::string stamp = stamp_of(context_.clock.now());
    const auto living = list_server(client_).databases;
    const std::string text =
        read_file_without_links(restored_.directory / "databases.sql", script_bytes_max);
    for (NotedDatabase& noted : read_noted_databases(restored_.expected.details)) {
      Incoming& one = incoming_.emplace_back();
      one.fresh = suffixed(noted.name, "_restored_" + stamp);
      one.before = suffixed(noted.name, "_before_" + stamp);
      one.is_living = std::ranges::find(living, noted.name) != living.end();
      one.statements = statements_of(text, noted.name);
      one.noted = std::move(noted);
    }
  }

  static std::vector<std::string> statements_of(const std::string& text, const std::string& name) {
    const std::string head = format("-- database: {}", percent_encode(name));
    const std::string create = format("CREATE DATABASE {} ", quote_identifier(name));
    std::vector<std::string> statements;
    bool is_inside = false;
    for (const std::string& line : split(text, '\n')) {
      if (line.starts_with("-- database: ")) {
        is_inside = line == head;
      } else if (is_inside && !line.empty()) {
        statements.push_back(line);
      }
    }
    if (!statements.empty() && statements.front().starts_with(create)) return statements;
    throw Error(ErrorKind::verification,
                format("read databases.sql: it does not make '{}'", printable(name)));
  }

  void add_roles() {
    std::set<std::string> living;
    for (const Json& name : client_.query("", "SELECT to_jsonb(rolname) FROM pg_roles;")) {
      living.insert(name.get<std::string>());
    }
    std::set<std::string> missing;
    for (const std::string& role : detail_list(restored_.expected.details, "roles")) {
      if (!living.contains(role)) missing.insert(role);
    }
    if (missing.empty()) return;
    std::string sql;
    const auto take = [&](std::string_view line, bool at_top) {
      if (at_top && missing.contains(role_of(line))) sql += format("{}\n", line);
    };
    scan_dump_file(restored_.directory / "globals.sql",
                   {.kind = DumpKind::cluster, .on_line = take}, context_.stop);
    with_context("make the roles that are missing", [&] { client_.execute("", sql); });
    report_.done.push_back(format("made {}", print_count(missing.size(), "role", "roles")));
  }

  // The role that a line of globals.sql makes, changes or makes a member; empty for other lines.
  static std::string role_of(std::string_view line) {
    for (const std::string_view head : {"CREATE ROLE ", "ALTER ROLE "}) {
      if (!line.starts_with(head)) continue;
      line.remove_prefix(head.size());
      return take_identifier(line).value_or("");
    }
    const size_t to = line.starts_with("GRANT ") ? line.find(" TO ") : std::string_view::npos;
    if (to == std::string_view::npos) return "";
    line.remove_prefix(to + std::string_view(" TO ").size());
    return take_identifier(line).value_or("");
  }

  void load(const Incoming& one) {
    with_context(format("load database '{}'", printable(one.noted.name)), [&] {
      const std::string head = format("CREATE DATABASE {} ", quote_identifier(one.noted.name));
      client_.execute("", format("CREATE DATABASE {} {}", quote_identifier(one.fresh),
                                 one.statements.front().substr(head.size())));
      made_.push_back(one.fresh);
      client_.run_script(one.fresh, restored_.directory / one.noted.file);
      const ProbeResult counts = probe_counts(client_, one.fresh, one.noted.tables);
      if (!counts.passed) {
        throw Error(ErrorKind::service, format("{}: {}", counts.name, counts.found));
      }
    });
    report_.done.push_back(format("loaded '{}' and counted its rows", one.noted.name));
  }

  void swap() {
    std::string renames = "BEGIN;\n";
    for (const Incoming& one : incoming_) {
      const std::string name = quote_identifier(one.noted.name);
      if (one.is_living) {
        renames += format("ALTER DATABASE {} RENAME TO {};\n", name, quote_identifier(one.before));
      }
      renames += format("ALTER DATABASE {} RENAME TO {};\n", quote_identifier(one.fresh), name);
    }
    renames += "COMMIT;";
    try {
      for (const Incoming& one : incoming_) {
        if (one.is_living) close_sessions(one.noted.name);
      }
      client_.execute("", renames);
    } catch (...) {
      let_in(false);
      throw;
    }
    made_.clear();
    let_in(true);
    for (const Incoming& one : incoming_) {
      report_.done.push_back(format("'{}' is the restored database now", one.noted.name));
      if (one.is_living) report_.kept.push_back(format("database '{}'", one.before));
    }
  }

  // Nobody comes in, and who is in is sent away: a database in use keeps its name.
  void close_sessions(const std::string& name) {
    client_.execute("",
                    format("ALTER DATABASE {} ALLOW_CONNECTIONS false;", quote_identifier(name)));
    const std::string sql = format(
        "SELECT to_jsonb(count(pg_terminate_backend(pid))) FROM pg_stat_activity WHERE datname = "
        "{};",
        quote_literal(name));
    for (int round = 0; round < session_rounds; ++round) {
      const auto open = client_.query("", sql);
      if (open.size() == 1 && open.front() == 0) return;
      context_.clock.sleep(session_pause, context_.stop);
    }
    throw Error(ErrorKind::service,
                format("end the sessions of database '{}': some do not end", printable(name)))
        .hint("Stop what uses the database, then try again.");
  }

  void let_in(bool is_swapped) noexcept {
    for (const Incoming& one : incoming_) {
      if (!one.is_living) continue;
      const std::string& name = is_swapped ? one.before : one.noted.name;
      attempt(format("ALTER DATABASE {} ALLOW_CONNECTIONS true;", quote_identifier(name)));
    }
  }

  void drop_fresh() noexcept {
    for (const std::string& name : made_) {
      attempt(format("DROP DATABASE IF EXISTS {};", quote_identifier(name)));
    }
  }

  // Tidying up: a failure is only told.
  void attempt(const std::string& sql) noexcept {
    try {
      client_.execute("", sql);
    } catch (const std::exception& error) {
      log_warning("run '{}': {}", sql, error.what());
    }
  }

  // Owner, settings and grants, which name the database as it is called now.
  void set_properties() {
    std::string sql;
    for (const Incoming& one : incoming_) {
      for (size_t index = 1; index < one.statements.size(); ++index) {
        sql += one.statements[index] + "\n";
      }
    }
    if (sql.empty()) return;
    with_context("the restored databases are in place, but not all their properties",
                 [&] { client_.execute("", sql); });
    report_.done.emplace_back("set owners, settings and grants of the databases");
  }

  const RestoredService& restored_;
  RecipeContext& context_;
  PostgresClient client_;
  std::vector<Incoming> incoming_;
  std::vector<std::string> made_;  // new databases under their first names
  ReplaceReport report_;
};

}  // namespace

ReplaceReport replace_postgres(const Service& service, const RestoredService& restored,
                               RecipeContext& context) {
  return Replacement(service, restored, context).run();
}

}  // namespace lifeboat
