// PostgreSQL's own client programs, on the host or inside the server's container.
//
// The programs and not libpq: a dump must come from a pg_dump that is at least as new as the
// server, and the one in the server's container always is. Everything that tells them where to go
// travels in the environment, the password too; what can be a name never becomes a connection
// string. psql gets its statements by stdin and answers in JSON, so that no name needs unquoting.
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "docker/docker.h"
#include "process/process.h"
#include "recipe/recipe.h"

namespace lifeboat {

// Where a server is and who asks.
struct PostgresTarget {
  std::optional<DockerDetails> container;  // set: the programs run in there
  std::string host;   // a name, an address or a socket's folder; empty: libpq's
  uint64_t port = 0;  // 0: libpq's
  std::string user;
  std::shared_ptr<const Secret> password;  // null: none, or libpq's own files
  std::string sslmode;
  std::string role;                   // SET ROLE for dumps; empty: none
  std::filesystem::path program_dir;  // of the client programs; empty: found
  std::string maintenance_database = "postgres";
  std::chrono::seconds timeout{6 * 3600};  // of one program
};

// The Error of a client program, with a hint for what it said in place of a general one.
Error with_postgres_hint(const Error& error);

// One thread. All throw Error(service).
class PostgresClient {
 public:
  // `context` must outlive it and its sources. Finds the programs.
  PostgresClient(PostgresTarget target, RecipeContext& context);

  const PostgresTarget& target() const { return target_; }
  // "15.14 (Debian 15.14-0+deb12u1)": pg_dump's own.
  const std::string& client_version() const { return client_version_; }
  // server_version_num: 150014. Refuses a server that is newer than pg_dump.
  uint64_t check_version();

  // The stdout of `program` ("pg_dump") on `database`; empty: the maintenance database. `input` is
  // its stdin.
  std::unique_ptr<Source> run(std::string_view program, std::string_view database,
                              std::vector<std::string> arguments, const std::string& input = "");
  // Runs psql over a file, which may be too large for memory; stops at the first fault.
  void run_script(std::string_view database, const std::filesystem::path& file);
  // What `sql` answers, one JSON text a line. In the snapshot `snapshot`, if it is not empty.
  std::vector<Json> query(std::string_view database, std::string_view sql,
                          std::string_view snapshot = "");
  // Runs statements that answer nothing.
  void execute(std::string_view database, std::string_view sql);

  // Options for psql that reads no start-up file, stops at the first fault and prints bare rows of
  // what `file` asks; "-" is stdin.
  static std::vector<std::string> psql_options(std::string_view file = "-");

 private:
  using Variables = std::vector<std::pair<std::string, std::shared_ptr<const Secret>>>;
  Variables variables(std::string_view database) const;
  std::unique_ptr<Source> run_on_host(std::vector<std::string> argv, const Variables& variables,
                                      std::string_view input);
  std::unique_ptr<Source> run_in_container(std::vector<std::string> argv,
                                           const Variables& variables,
                                           std::unique_ptr<Source> input);
  std::string program_path(std::string_view program) const;

  PostgresTarget target_;
  RecipeContext& context_;
  std::unique_ptr<Docker> docker_;  // null on the host
  std::filesystem::path program_dir_;
  std::string client_version_;
};

// The folders that hold client programs of PostgreSQL on this machine, the newest version first.
std::vector<std::filesystem::path> postgres_program_dirs();
// 15 of "pg_dump (PostgreSQL) 15.14 (Debian ...)"; 0 if there is none.
uint64_t parse_major_version(std::string_view version_line);

}  // namespace lifeboat
