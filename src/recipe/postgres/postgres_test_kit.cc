#include "recipe/postgres/postgres_test_kit.h"

#include <pwd.h>
#include <unistd.h>

#include "base/error.h"
#include "base/format.h"
#include "io/files.h"
#include "recipe/postgres/client.h"
#include "support/shell.h"

namespace lifeboat::test {
namespace {

namespace fs = std::filesystem;

constexpr const char* server_user = "postgres";

fs::path program(const std::string& name) { return postgres_program_dirs().front() / name; }

}  // namespace

std::string PostgresServer::why_not() {
  const auto folders = postgres_program_dirs();
  if (folders.empty() || !fs::exists(folders.front() / "initdb")) {
    return "PostgreSQL is not installed";
  }
  if (::geteuid() == 0 && ::getpwnam(server_user) == nullptr) {
    return "a server does not run as root, and there is no user postgres";
  }
  return "";
}

PostgresServer::PostgresServer(const std::string& superuser, const std::string& hba)
    : superuser_(superuser) {
  std::string name = "/tmp/lifeboat-pg-XXXXXX";
  ensure(::mkdtemp(name.data()) != nullptr, "a folder for the server");
  folder_ = name;
  ServerOptions options;
  if (::geteuid() == 0) {
    options.user = server_user;
    const struct passwd* user = ::getpwnam(server_user);
    ensure(::chown(name.c_str(), user->pw_uid, user->pw_gid) == 0,
           "the server's folder is its own");
  }
  options.working_dir = folder_;
  options.argv = {program("initdb"),
                  "--pgdata=" + name + "/data",
                  "--username=" + superuser,
                  "--auth=trust",
                  "--encoding=UTF8",
                  "--locale=C",
                  "--no-sync"};
  {
    ChildServer initdb(options, clock_);
    initdb.wait_for_success(std::chrono::minutes(2));
  }
  if (!hba.empty()) write_file(folder_ / "data/pg_hba.conf", hba);
  options.argv = {program("postgres"),
                  "-D",
                  name + "/data",
                  "-c",
                  "listen_addresses=",
                  "-c",
                  "fsync=off",
                  "-c",
                  "unix_socket_directories=" + name};
  options.stop_signal = 3;  // SIGQUIT: ends at once
  server_.emplace(options, clock_);
  server_->wait_until_ready(
      [&] {
        return shell(format("{} -q -h {}", program("pg_isready").native(), name)).status == 0;
      },
      std::chrono::minutes(1));
}

PostgresServer::~PostgresServer() {
  server_.reset();
  remove_tree(folder_, ErrorKind::service);
}

std::string PostgresServer::psql(const std::string& database, const std::string& role) const {
  return format("{} -X -q -A -t -v ON_ERROR_STOP=1 -h {} -U {} -d {}", program("psql").native(),
                folder_.native(), role.empty() ? superuser_ : role, database);
}

std::string PostgresServer::sql(const std::string& database, const std::string& sql,
                                const std::string& role) const {
  const TempFolder folder;
  write_file(folder / "sql", sql);
  std::string rows =
      shell_ok(format("{} -f - < {}", psql(database, role), (folder / "sql").native()));
  while (rows.ends_with('\n')) rows.pop_back();
  return rows;
}

void PostgresServer::load(const std::string& database, const fs::path& file) const {
  shell_ok(format("{} -f - < {}", psql(database), file.native()));
}

}  // namespace lifeboat::test
