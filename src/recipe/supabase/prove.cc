#include "recipe/supabase/prove.h"

#include <fcntl.h>

#include <set>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"
#include "io/no_links.h"
#include "recipe/details.h"
#include "recipe/postgres/dump_notes.h"
#include "recipe/postgres/prove.h"
#include "recipe/postgres/scratch_server.h"
#include "recipe/supabase/internals.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr uint64_t version_parts = 10000;
constexpr uint64_t schema_bytes_max = 256 * 1024 * 1024;

constexpr std::string_view roles_sql = R"sql(
CREATE ROLE postgres SUPERUSER;
CREATE ROLE anon; CREATE ROLE authenticated; CREATE ROLE service_role BYPASSRLS;
CREATE ROLE authenticator; CREATE ROLE dashboard_user; CREATE ROLE pgbouncer;
CREATE ROLE supabase_admin SUPERUSER; CREATE ROLE supabase_auth_admin;
CREATE ROLE supabase_storage_admin; CREATE ROLE supabase_functions_admin;
CREATE ROLE supabase_realtime_admin; CREATE ROLE supabase_replication_admin;
CREATE ROLE supabase_read_only_user; CREATE ROLE supabase_etl_admin;
CREATE ROLE pgsodium_keyholder; CREATE ROLE pgsodium_keyiduser; CREATE ROLE pgsodium_keymaker;
CREATE ROLE pgtle_admin;
GRANT anon, authenticated, service_role, authenticator, dashboard_user TO postgres
  WITH ADMIN OPTION;
)sql";

constexpr std::string_view functions_sql = R"sql(
CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE AS 'SELECT NULL::uuid';
CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text';
CREATE FUNCTION auth.email() RETURNS text LANGUAGE sql STABLE AS 'SELECT NULL::text';
CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE AS 'SELECT NULL::jsonb';
CREATE FUNCTION storage.foldername(text) RETURNS text[] LANGUAGE sql AS 'SELECT NULL::text[]';
CREATE FUNCTION storage.filename(text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE FUNCTION storage.extension(text) RETURNS text LANGUAGE sql AS 'SELECT NULL::text';
CREATE PUBLICATION supabase_realtime;
CREATE TABLE auth.users (id uuid PRIMARY KEY);
)sql";

// The quoted columns of a line "COPY "s"."t" ("a", "b") FROM stdin;".
std::vector<std::string> copied_columns(std::string_view line) {
  std::vector<std::string> columns;
  const size_t begin = line.find(" (");
  if (begin == std::string_view::npos) return columns;
  line.remove_prefix(begin + 2);
  while (auto column = take_identifier(line)) {
    columns.push_back(std::move(*column));
    if (!line.starts_with(", ")) break;
    line.remove_prefix(2);
  }
  return columns;
}

std::string table_sql(const TableName& table, const std::vector<std::string>& columns) {
  std::string sql = format("CREATE TABLE IF NOT EXISTS {} ();\n", table.quoted());
  for (const std::string& column : columns) {
    sql += format("ALTER TABLE {} ADD COLUMN IF NOT EXISTS {} text;\n", table.quoted(),
                  quote_identifier(column));
  }
  return sql;
}

// The sequence of a line "SELECT pg_catalog.setval('"auth"."x_id_seq"', 25, true);".
std::optional<TableName> set_sequence(std::string_view line) {
  constexpr std::string_view head = "SELECT pg_catalog.setval('";
  if (!line.starts_with(head)) return std::nullopt;
  line.remove_prefix(head.size());
  auto schema = take_identifier(line);
  if (!schema || !line.starts_with('.')) return std::nullopt;
  line.remove_prefix(1);
  auto name = take_identifier(line);
  if (!name) return std::nullopt;
  return TableName{std::move(*schema), std::move(*name)};
}

// The extension that a line of schema.sql makes.
std::optional<std::string> made_extension(std::string_view line) {
  constexpr std::string_view head = "CREATE EXTENSION IF NOT EXISTS ";
  if (!line.starts_with(head)) return std::nullopt;
  line.remove_prefix(head.size());
  return take_identifier(line);
}

// A copy of schema.sql in `target` without the extensions that the server has not; returns these.
std::vector<std::string> copy_schema(PostgresClient& client, const fs::path& source,
                                     const fs::path& target) {
  std::set<std::string> available;
  for (const Json& name : client.query("", "SELECT to_jsonb(name) FROM pg_available_extensions;")) {
    available.insert(name.get<std::string>());
  }
  std::vector<std::string> missing;
  std::string adapted;
  for (const std::string& line : split(read_file_without_links(source, schema_bytes_max), '\n')) {
    const auto extension = made_extension(line);
    if (extension && !available.contains(*extension)) {
      missing.push_back(printable(*extension));
      continue;
    }
    adapted += line + "\n";
  }
  const UniqueFd fd = open_file(target, O_WRONLY | O_CREAT | O_EXCL, 0600);
  write_fd(fd.get(), as_bytes(adapted), target.native(), ErrorKind::limit);
  return missing;
}

// Why a fault is that of the stand-ins; empty: it is not.
std::string lack_of_stand_ins(const Error& error, const std::vector<std::string>& missing) {
  if (!missing.empty()) {
    return format("the server at hand lacks the extensions {}: {}", join(missing, ", "),
                  error.message());
  }
  const bool is_key = error.message().find("cannot be implemented") != std::string::npos;
  return is_key ? format("a stand-in is no table for a foreign key: {}", error.message())
                : lack_of_server(error);
}

}  // namespace

std::string stand_in_sql(const fs::path& data_file, const StopToken& stop) {
  std::string sql;
  for (const std::string_view schema : internal_schemas()) {
    if (schema.ends_with('*') || schema == "information_schema") continue;
    sql += format("CREATE SCHEMA {};\n", quote_identifier(schema));
  }
  sql += functions_sql;
  const auto take = [&](std::string_view line, bool at_top) {
    if (!at_top) return;
    const auto table = parse_copy_line(line);
    if (table && is_internal_schema(table->schema)) {
      sql += table_sql(*table, copied_columns(line));
    }
    const auto sequence = set_sequence(line);
    if (sequence && is_internal_schema(sequence->schema)) {
      sql += format("CREATE SEQUENCE IF NOT EXISTS {};\n", sequence->quoted());
    }
  };
  scan_dump_file(data_file, {.on_line = take}, stop);
  return sql;
}

std::vector<ProbeResult> prove_supabase(const RestoredService& restored, ProvingGround& ground,
                                        RecipeContext& context, std::string& why_not) {
  const Json& details = restored.expected.details;
  const auto databases = read_noted_databases(details);
  if (databases.size() != 1) {
    throw Error(ErrorKind::verification, "read facts: a project has one database");
  }
  const uint64_t major = detail_number(details, "server_version_num") / version_parts;
  const auto scratch =
      start_scratch_postgres(ground, major, detail_object(details, "container"), context, why_not);
  if (!scratch) return {};
  PostgresClient& client = scratch->client();
  const std::string name = "project";
  client.execute("", std::string(roles_sql));
  client.execute("", "CREATE DATABASE project TEMPLATE template0 ENCODING 'UTF8';");
  client.execute(name, stand_in_sql(restored.directory / "data.sql", context.stop));
  const fs::path schema = ground.directory / "schema.sql";
  const auto missing = copy_schema(client, restored.directory / "schema.sql", schema);

  ProbeResult loads{
      format("{} loads roles, schema and data without an error", client.client_version()), true,
      "no error", "no error", ""};
  if (!missing.empty()) loads.evidence = format("without the extensions {}", join(missing, ", "));
  try {
    client.run_script(name, restored.directory / "roles.sql");
    client.run_script(name, schema);
    client.run_script(name, restored.directory / "data.sql");
  } catch (const Error& error) {
    why_not = lack_of_stand_ins(error, missing);
    if (!why_not.empty()) return {};
    loads.passed = false;
    loads.found = error.what();
    return {loads};
  }
  return {loads, probe_counts(client, name, databases.front().tables)};
}

}  // namespace lifeboat
