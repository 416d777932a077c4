#include "recipe/postgres/client.h"

#include <fcntl.h>

#include <algorithm>
#include <charconv>

#include "base/format.h"
#include "base/text.h"
#include "io/fd.h"
#include "io/folder.h"
#include "recipe/postgres/sql_text.h"

namespace lifeboat {
namespace {

namespace fs = std::filesystem;

constexpr size_t answer_bytes_max = 64 * 1024 * 1024;
constexpr uint64_t version_parts = 10000;  // server_version_num is major * 10000 + minor

std::shared_ptr<const Secret> value(std::string_view text) {
  return std::make_shared<const Secret>(text);
}

struct KnownFault {
  std::string_view words;
  std::string_view hint;
};

// In the order in which they are looked for: the particular before the general.
constexpr KnownFault known_faults[] = {
    {"password authentication failed", "Check 'user' and 'password' of this service."},
    {"no password supplied", "Set 'password' for this service, or use ~/.pgpass."},
    {"Peer authentication failed",
     "The server lets only the system user of that name in by its socket: set 'host: 127.0.0.1' "
     "and a password, or allow the role in pg_hba.conf."},
    {"no pg_hba.conf entry", "Allow the role in the server's pg_hba.conf, or set 'sslmode'."},
    {"Connection refused", "Does the server run, and do 'host' and 'port' lead to it?"},
    {"could not translate host name", "Check 'host'."},
    {"No such file or directory", "Does the server run, and is its socket in that folder?"},
    {"server version mismatch",
     "Install a pg_dump at least as new as the server (postgresql-client-NN), or set 'container'."},
    {"row-level security",
     "Give the role BYPASSRLS: with row-level security it would see only a part of the rows."},
    {"permission denied",
     "Give the role the right to read everything: GRANT pg_read_all_data TO it, and see "
     "docs/recipes/postgres.md."},
    {"Network is unreachable",
     "This address may be IPv6 only: take one that is reachable by IPv4, such as a pooler."},
    {"terminating connection", "The server was stopped or restarted meanwhile; run it again."},
    {"server closed the connection", "The server was stopped or crashed meanwhile; run it again."},
};

// Adds hints to the errors of a client program that is read as a stream.
class HintedSource final : public Source {
 public:
  explicit HintedSource(std::unique_ptr<Source> inner, std::unique_ptr<Source> input = nullptr)
      : input_(std::move(input)), inner_(std::move(inner)) {}
  size_t read(ByteSpan target) override {
    try {
      return inner_->read(target);
    } catch (const Error& error) {
      throw with_postgres_hint(error);
    }
  }

 private:
  std::unique_ptr<Source> input_;  // outlives who reads it
  std::unique_ptr<Source> inner_;
};

void drain(Source& source) {
  Bytes block(64 * 1024);
  while (source.read(block) > 0) {
  }
}

// Nothing that the role or the database has set may cut a backup short, hide rows or change names.
constexpr std::string_view session_settings =
    "SET client_encoding = 'UTF8'; SET statement_timeout = 0; SET lock_timeout = 0; "
    "SET idle_in_transaction_session_timeout = 0; SET row_security = off; SET search_path = '';\n";

}  // namespace

Error with_postgres_hint(const Error& error) {
  const std::string_view message = error.message();
  for (const KnownFault& fault : known_faults) {
    if (message.find(fault.words) == std::string_view::npos) continue;
    return Error(error.kind(), error.message()).hint(std::string(fault.hint));
  }
  return error;
}

uint64_t parse_major_version(std::string_view version_line) {
  constexpr std::string_view before = "(PostgreSQL) ";
  const size_t found = version_line.find(before);
  if (found == std::string_view::npos) return 0;
  version_line.remove_prefix(found + before.size());
  uint64_t major = 0;
  std::from_chars(version_line.data(), version_line.data() + version_line.size(), major);
  return major;
}

std::vector<fs::path> postgres_program_dirs() {
  std::vector<std::pair<uint64_t, fs::path>> found;
  const auto add = [&](const fs::path& folder, std::string_view number) {
    uint64_t major = 0;
    std::from_chars(number.data(), number.data() + number.size(), major);
    std::error_code error;
    if (major > 0 && fs::exists(folder / "pg_dump", error)) found.emplace_back(major, folder);
  };
  for (const fs::path& entry : list_folder("/usr/lib/postgresql", ErrorKind::service)) {
    add(entry / "bin", entry.filename().native());  // Debian and its children
  }
  for (const fs::path& entry : list_folder("/usr", ErrorKind::service)) {
    const std::string name = entry.filename();
    if (name.starts_with("pgsql-")) add(entry / "bin", name.substr(6));  // Red Hat's
  }
  std::sort(found.rbegin(), found.rend());
  std::vector<fs::path> folders;
  for (auto& [major, folder] : found) folders.push_back(std::move(folder));
  return folders;
}

PostgresClient::PostgresClient(PostgresTarget target, RecipeContext& context)
    : target_(std::move(target)), context_(context), program_dir_(target_.program_dir) {
  if (target_.container) {
    docker_ = std::make_unique<Docker>(context_.docker_options(), context_.clock);
  } else if (program_dir_.empty()) {
    // The newest is the one that knows most servers. Without any, PATH is asked.
    const auto folders = postgres_program_dirs();
    if (!folders.empty()) program_dir_ = folders.front();
  }
  const auto source = run("pg_dump", "", {"--version"});
  client_version_ = trim(as_text(read_all(*source, answer_bytes_max, "the version of pg_dump")));
}

std::string PostgresClient::program_path(std::string_view program) const {
  return program_dir_.empty() ? std::string(program) : (program_dir_ / program).native();
}

PostgresClient::Variables PostgresClient::variables(std::string_view database) const {
  Variables all;
  all.emplace_back("PGDATABASE", value(database.empty() ? target_.maintenance_database : database));
  all.emplace_back("PGAPPNAME", value("lifeboat"));
  all.emplace_back("PGCONNECT_TIMEOUT", value("20"));
  if (!target_.host.empty()) all.emplace_back("PGHOST", value(target_.host));
  if (target_.port != 0) all.emplace_back("PGPORT", value(std::to_string(target_.port)));
  if (!target_.user.empty()) all.emplace_back("PGUSER", value(target_.user));
  if (!target_.sslmode.empty()) all.emplace_back("PGSSLMODE", value(target_.sslmode));
  if (target_.password) all.emplace_back("PGPASSWORD", target_.password);
  return all;
}

std::unique_ptr<Source> PostgresClient::run_on_host(std::vector<std::string> argv,
                                                    const Variables& variables,
                                                    std::string_view input) {
  ChildOptions options;
  options.argv = std::move(argv);
  for (const auto& [name, text] : variables) {
    options.environment.emplace_back(name, text->reveal());
  }
  if (!input.empty()) options.input = value(input);
  options.timeout = target_.timeout;
  options.stop = context_.stop;
  return std::make_unique<HintedSource>(
      std::make_unique<ChildSource>(std::move(options), context_.clock));
}

std::unique_ptr<Source> PostgresClient::run_in_container(std::vector<std::string> argv,
                                                         const Variables& variables,
                                                         std::unique_ptr<Source> input) {
  DockerExec exec;
  exec.argv = std::move(argv);
  for (const auto& [name, text] : variables) exec.env[name] = text;
  exec.timeout = target_.timeout;
  exec.input = input.get();
  auto output = docker_->exec_source(target_.container->container.id, std::move(exec));
  return std::make_unique<HintedSource>(std::move(output), std::move(input));
}

std::unique_ptr<Source> PostgresClient::run(std::string_view program, std::string_view database,
                                            std::vector<std::string> arguments,
                                            const std::string& input) {
  arguments.insert(arguments.begin(), program_path(program));
  if (docker_ == nullptr) return run_on_host(std::move(arguments), variables(database), input);
  return run_in_container(
      std::move(arguments), variables(database),
      input.empty() ? nullptr : std::make_unique<MemorySource>(std::string_view(input)));
}

std::vector<std::string> PostgresClient::psql_options(std::string_view file) {
  return {"--no-psqlrc",
          "--quiet",
          "--tuples-only",
          "--no-align",
          "--no-password",
          "--set=ON_ERROR_STOP=1",
          format("--file={}", file)};
}

std::vector<Json> PostgresClient::query(std::string_view database, std::string_view sql,
                                        std::string_view snapshot) {
  std::string script(session_settings);
  if (!snapshot.empty()) {
    script +=
        format("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET TRANSACTION SNAPSHOT {};\n",
               quote_literal(snapshot));
  }
  script += sql;
  script += '\n';
  const auto source = run("psql", database, psql_options(), std::move(script));
  const Bytes answer = read_all(*source, answer_bytes_max, "the answer of the server");
  std::vector<Json> rows;
  for (const std::string& line : split(as_text(answer), '\n')) {
    if (!trim(line).empty()) rows.push_back(parse_json(line, "the answer of the server"));
  }
  return rows;
}

void PostgresClient::execute(std::string_view database, std::string_view sql) {
  const auto source = run("psql", database, psql_options(), format("{}\n", sql));
  drain(*source);
}

void PostgresClient::run_script(std::string_view database, const fs::path& file) {
  std::vector<std::string> argv = psql_options(docker_ == nullptr ? file.native() : "-");
  argv.insert(argv.begin(), program_path("psql"));
  if (docker_ == nullptr) {
    drain(*run_on_host(std::move(argv), variables(database), ""));
    return;
  }
  auto input = std::make_unique<FdSource>(open_file(file, O_RDONLY | O_NOFOLLOW), file.native());
  drain(*run_in_container(std::move(argv), variables(database), std::move(input)));
}

uint64_t PostgresClient::check_version() {
  const auto rows = query("", "SELECT to_jsonb(current_setting('server_version_num')::int);");
  if (rows.size() != 1 || !rows.front().is_number_unsigned()) {
    throw Error(ErrorKind::service, "ask the server for its version: it gave no number");
  }
  const auto server = rows.front().get<uint64_t>();
  const uint64_t client = parse_major_version(client_version_);
  if (client == 0) {
    throw Error(ErrorKind::service, format("ask pg_dump for its version: it answered '{}'",
                                           printable(client_version_)));
  }
  if (server / version_parts <= client) return server;
  throw Error(ErrorKind::service,
              format("dump PostgreSQL {}: pg_dump is version {}, older than the server",
                     server / version_parts, client))
      .hint(format("Install postgresql-client-{}, or set 'container' so that the server's own "
                   "pg_dump is used.",
                   server / version_parts));
}

}  // namespace lifeboat
