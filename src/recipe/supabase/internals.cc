#include "recipe/supabase/internals.h"

#include <algorithm>
#include <array>

#include "base/format.h"
#include "recipe/postgres/sql_text.h"

namespace lifeboat {
namespace {

using Names = std::span<const std::string_view>;

constexpr std::array<std::string_view, 30> internal{"_analytics",
                                                    "_realtime",
                                                    "_supavisor",
                                                    "auth",
                                                    "etl",
                                                    "extensions",
                                                    "pgbouncer",
                                                    "realtime",
                                                    "storage",
                                                    "supabase_functions",
                                                    "supabase_migrations",
                                                    "cron",
                                                    "dbdev",
                                                    "graphql",
                                                    "graphql_public",
                                                    "net",
                                                    "pgmq",
                                                    "pgsodium",
                                                    "pgsodium_masks",
                                                    "pgtle",
                                                    "repack",
                                                    "tiger",
                                                    "tiger_data",
                                                    "timescaledb_*",
                                                    "_timescaledb_*",
                                                    "topology",
                                                    "vault",
                                                    "pgroonga",
                                                    "pg_*",
                                                    "information_schema"};

constexpr std::array<std::string_view, 22> without_data{"_analytics",    "_realtime",
                                                        "_supavisor",    "etl",
                                                        "extensions",    "pgbouncer",
                                                        "realtime",      "supabase_migrations",
                                                        "graphql",       "graphql_public",
                                                        "pgsodium",      "pgsodium_masks",
                                                        "pgtle",         "repack",
                                                        "tiger",         "tiger_data",
                                                        "timescaledb_*", "_timescaledb_*",
                                                        "topology",      "vault",
                                                        "pg_*",          "information_schema"};

constexpr std::array<std::string_view, 5> tables{
    "auth.schema_migrations", "storage.migrations", "supabase_functions.migrations",
    "storage.buckets_vectors", "storage.vector_indexes"};

constexpr std::array<std::string_view, 13> reserved{
    "anon",           "authenticated",      "authenticator",      "cli_login_*",
    "dashboard_user", "pgbouncer",          "postgres",           "service_role",
    "supabase_*",     "pgsodium_keyholder", "pgsodium_keyiduser", "pgsodium_keymaker",
    "pgtle_admin"};

// Settings of reserved roles that a project may change.
constexpr std::array<std::string_view, 5> settings{
    "pgaudit.*", "pgrst.*", "session_replication_role", "statement_timeout", "track_io_timing"};

bool matches(std::string_view name, std::string_view pattern) {
  if (!pattern.ends_with('*')) return name == pattern;
  pattern.remove_suffix(1);
  return name.starts_with(pattern);
}

bool matches_any(std::string_view name, Names patterns) {
  return std::ranges::any_of(patterns,
                             [&](std::string_view pattern) { return matches(name, pattern); });
}

std::string commented(std::string_view line) { return format("-- {}", line); }

// The name behind `head`, if the line begins with it.
std::optional<std::string> name_behind(std::string_view line, std::string_view head) {
  if (!line.starts_with(head)) return std::nullopt;
  line.remove_prefix(head.size());
  return take_identifier(line);
}

std::string without(std::string line, std::string_view word) {
  const size_t at = line.find(word);
  if (at != std::string::npos) line.erase(at, word.size());
  return line;
}

// ALTER ROLE "x" SET "statement_timeout" TO ...
bool sets_allowed(std::string_view line) {
  const size_t at = line.find(" SET ");
  if (at == std::string_view::npos) return false;
  std::string_view rest = line.substr(at + 5);
  const auto name = take_identifier(rest);
  return name && matches_any(*name, settings);
}

// The schema that a GRANT or REVOKE is about: "GRANT ALL ON TABLE "auth"."users" TO ...".
std::optional<std::string> granted_schema(std::string_view line) {
  if (!line.starts_with("GRANT ") && !line.starts_with("REVOKE ")) return std::nullopt;
  const size_t at = line.find(" ON ");
  if (at == std::string_view::npos) return std::nullopt;
  std::string_view rest = line.substr(at + 4);
  const size_t quote = rest.find('"');
  if (quote == std::string_view::npos) return std::nullopt;
  rest.remove_prefix(quote);
  return take_identifier(rest);
}

struct Rewriting {
  std::string_view from;
  std::string_view to;
};

// What may be there already in a new project.
constexpr std::array<Rewriting, 6> rewritings{{
    {"CREATE SCHEMA \"", "CREATE SCHEMA IF NOT EXISTS \""},
    {"CREATE TABLE \"", "CREATE TABLE IF NOT EXISTS \""},
    {"CREATE SEQUENCE \"", "CREATE SEQUENCE IF NOT EXISTS \""},
    {"CREATE VIEW \"", "CREATE OR REPLACE VIEW \""},
    {"CREATE FUNCTION \"", "CREATE OR REPLACE FUNCTION \""},
    {"CREATE TRIGGER \"", "CREATE OR REPLACE TRIGGER \""},
}};

// What only the platform may do.
constexpr std::array<std::string_view, 10> forbidden{
    "CREATE PUBLICATION \"supabase_realtime",
    "CREATE EVENT TRIGGER ",
    "         WHEN TAG IN ",
    "   EXECUTE FUNCTION ",
    "ALTER EVENT TRIGGER ",
    "ALTER PUBLICATION \"supabase_realtime_",
    "ALTER DEFAULT PRIVILEGES FOR ROLE \"supabase_admin\"",
    "COMMENT ON EXTENSION ",
    "CREATE POLICY \"cron_job_",
    "ALTER TABLE \"cron\"",
};

}  // namespace

Names internal_schemas() { return internal; }
Names schemas_without_data() { return without_data; }
Names tables_without_data() { return tables; }

bool is_internal_schema(std::string_view name) { return matches_any(name, internal); }

bool is_reserved_role(std::string_view name) { return matches_any(name, reserved); }

std::string schemas_regex(Names patterns) {
  std::string regex = "^(";
  for (const std::string_view pattern : patterns) {
    if (regex.size() > 2) regex += '|';
    regex += pattern.ends_with('*') ? format("{}.*", pattern.substr(0, pattern.size() - 1))
                                    : std::string(pattern);
  }
  return regex + ")$";
}

std::string adapt_role_line(std::string_view line) {
  for (const std::string_view head : {"CREATE ROLE ", "ALTER ROLE "}) {
    const auto role = name_behind(line, head);
    if (!role) continue;
    if (is_reserved_role(*role)) return sets_allowed(line) ? std::string(line) : commented(line);
    // Attributes that only a superuser may spell out, even to say no.
    return without(without(std::string(line), " NOSUPERUSER"), " NOREPLICATION");
  }
  if (line.starts_with("GRANT ")) {
    const size_t at = line.find(" TO ");
    std::string_view rest = at == std::string_view::npos ? "" : line.substr(at + 4);
    const auto member = take_identifier(rest);
    if (member && is_reserved_role(*member)) return commented(line);
  }
  return std::string(line);
}

std::string adapt_schema_line(std::string_view line) {
  for (const Rewriting& one : rewritings) {
    if (line.starts_with(one.from)) return format("{}{}", one.to, line.substr(one.from.size()));
  }
  for (const std::string_view head : forbidden) {
    if (line.starts_with(head)) return commented(line);
  }
  if (line.starts_with("ALTER FOREIGN DATA WRAPPER ") &&
      line.find(" OWNER TO ") != std::string_view::npos) {
    return commented(line);
  }
  if (const auto schema = granted_schema(line); schema && is_internal_schema(*schema)) {
    return commented(line);
  }
  // Known to PostgreSQL 17 only.
  if (line == "SET transaction_timeout = 0;") return commented(line);
  for (const std::string_view extension : {"\"pg_tle\"", "\"pgsodium\""}) {
    const std::string head = format("CREATE EXTENSION IF NOT EXISTS {}", extension);
    if (line.starts_with(head)) return head + ";";
  }
  return std::string(line);
}

}  // namespace lifeboat
