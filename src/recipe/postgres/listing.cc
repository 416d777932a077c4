#include "recipe/postgres/listing.h"

#include <algorithm>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

// PostgreSQL parses a UNION of thousands by recursion: counts are asked for in portions.
constexpr size_t tables_a_query = 200;

constexpr std::string_view server_sql = R"(
SELECT jsonb_build_object(
  'version', current_setting('server_version'),
  'is_superuser', (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
  'has_tablespaces',
    EXISTS (SELECT FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')),
  'databases', (SELECT coalesce(jsonb_agg(datname ORDER BY datname), '[]') FROM pg_database
                WHERE datallowconn AND NOT datistemplate));
)";

// The columns of pg_database differ by version, so they are read by name from its row as JSON.
constexpr std::string_view database_sql = R"(
WITH d AS (SELECT oid, datname, datacl, pg_get_userbyid(datdba) AS owner,
                  pg_encoding_to_char(encoding) AS encoding, to_jsonb(pg_database) AS row
           FROM pg_database WHERE datname = current_database()),
settings AS (
  SELECT format('ALTER DATABASE %I SET %s = %s;', d.datname, quote_ident(split_part(c, '=', 1)),
                CASE WHEN split_part(c, '=', 1) IN ('search_path', 'DateStyle',
                       'local_preload_libraries', 'session_preload_libraries',
                       'temp_tablespaces', 'unix_socket_directories')
                     THEN substr(c, strpos(c, '=') + 1)
                     ELSE quote_literal(substr(c, strpos(c, '=') + 1)) END) AS line
  FROM d, pg_db_role_setting s, unnest(s.setconfig) c
  WHERE s.setdatabase = d.oid AND s.setrole = 0),
grants AS (
  SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC;', datname) AS line
  FROM d WHERE datacl IS NOT NULL
  UNION ALL
  SELECT format('GRANT %s ON DATABASE %I TO %s%s;', a.privilege_type, d.datname,
                CASE WHEN a.grantee = 0 THEN 'PUBLIC'
                     ELSE quote_ident(pg_get_userbyid(a.grantee)) END,
                CASE WHEN a.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM d, aclexplode(d.datacl) a)
SELECT jsonb_build_object(
  'properties', jsonb_build_object(
    'owner', owner, 'encoding', encoding,
    'collate', row->>'datcollate', 'ctype', row->>'datctype',
    'provider', coalesce(row->>'datlocprovider', 'c'),
    'locale', coalesce(row->>'datlocale', row->>'daticulocale')),
  'extensions', (SELECT coalesce(jsonb_agg(extname ORDER BY extname), '[]') FROM pg_extension),
  'large_objects', EXISTS (SELECT FROM pg_largeobject_metadata),
  'alter', coalesce((SELECT jsonb_agg(line) FROM (
     SELECT format('ALTER DATABASE %I OWNER TO %I;', datname, owner) AS line FROM d
     UNION ALL SELECT line FROM settings UNION ALL SELECT line FROM grants) l), '[]'))
FROM d;
)";

constexpr std::string_view tables_sql = R"(
SELECT coalesce(jsonb_agg(jsonb_build_array(n.nspname, c.relname)
                          ORDER BY n.nspname, c.relname), '[]')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_'
  AND n.nspname <> 'information_schema'
  AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e' AND
        ((e.classid = 'pg_class'::regclass AND e.objid = c.oid) OR
         (e.classid = 'pg_namespace'::regclass AND e.objid = n.oid))))";

Json only_row(const std::vector<Json>& rows, std::string_view what) {
  if (rows.size() == 1) return rows.front();
  throw Error(ErrorKind::service,
              format("ask the server for {}: it gave {} answers", what, rows.size()));
}

std::string create_statement(const std::string& name, const Json& properties) {
  const auto text = [&](const char* key) {
    const Json& value = properties.at(key);
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  std::string line = format(
      "CREATE DATABASE {} TEMPLATE template0 ENCODING {} LC_COLLATE {} "
      "LC_CTYPE {}",
      quote_identifier(name), quote_literal(text("encoding")), quote_literal(text("collate")),
      quote_literal(text("ctype")));
  const std::string provider = text("provider");
  if (provider == "i") line += " LOCALE_PROVIDER icu ICU_LOCALE " + quote_literal(text("locale"));
  if (provider == "b") {
    line += " LOCALE_PROVIDER builtin BUILTIN_LOCALE " + quote_literal(text("locale"));
  }
  return line + ";";
}

std::string count_sql(const std::vector<ListedTable>& tables, size_t begin, size_t end) {
  std::string sql = "SELECT jsonb_agg(c ORDER BY i) FROM (";
  for (size_t index = begin; index < end; ++index) {
    // ONLY: what inherits from a table is a table, and is dumped, of its own.
    sql += format("{}SELECT {} AS i, count(*) AS c FROM ONLY {}",
                  index == begin ? "" : " UNION ALL ", index, tables[index].name.quoted());
  }
  return sql + ") counts;\n";
}

}  // namespace

ListedServer list_server(PostgresClient& client) {
  const Json answer = only_row(client.query("", server_sql), "its databases");
  ListedServer server;
  server.version = answer.at("version").get<std::string>();
  server.is_superuser = answer.at("is_superuser").get<bool>();
  server.has_tablespaces = answer.at("has_tablespaces").get<bool>();
  server.databases = answer.at("databases").get<std::vector<std::string>>();
  return server;
}

ListedDatabase list_database(PostgresClient& client, const std::string& name) {
  const Json answer = only_row(client.query(name, database_sql), "a database's properties");
  ListedDatabase database;
  database.name = name;
  database.properties = answer.at("properties");
  database.is_utf8_ready = database.properties.at("encoding") != "SQL_ASCII";
  database.extensions = answer.at("extensions").get<std::vector<std::string>>();
  database.create_statements = {create_statement(name, database.properties)};
  for (const Json& line : answer.at("alter")) {
    database.create_statements.push_back(line.get<std::string>());
  }
  return database;
}

std::vector<ListedTable> count_tables(PostgresClient& client, const std::string& database,
                                      const std::string& snapshot, const TableChoice& choice) {
  std::string sql(tables_sql);
  for (const TablePattern& pattern : choice.exclude) {
    sql += format("\n  AND (n.nspname || '.' || c.relname) !~ {}", quote_literal(pattern.regex));
  }
  if (!choice.excluded_schemas_regex.empty()) {
    sql += format("\n  AND n.nspname !~ {}", quote_literal(choice.excluded_schemas_regex));
  }
  const Json names = only_row(client.query(database, sql + ";", snapshot), "its tables");
  std::vector<ListedTable> tables;
  for (const Json& name : names) {
    tables.push_back({{name.at(0).get<std::string>(), name.at(1).get<std::string>()}});
  }
  count_rows(client, database, snapshot, tables);
  return tables;
}

void count_rows(PostgresClient& client, const std::string& database, const std::string& snapshot,
                std::vector<ListedTable>& tables) {
  if (tables.empty()) return;
  std::string sql;
  for (size_t begin = 0; begin < tables.size(); begin += tables_a_query) {
    sql += count_sql(tables, begin, std::min(begin + tables_a_query, tables.size()));
  }
  size_t index = 0;
  for (const Json& portion : client.query(database, sql, snapshot)) {
    for (const Json& count : portion) tables.at(index++).rows = count.get<uint64_t>();
  }
  ensure(index == tables.size(), "every table was counted");
}

}  // namespace lifeboat
