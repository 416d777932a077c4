// A real PostgreSQL of a test's own: private data, a private socket, no network. It dies with the
// test. As root the server runs as the user of the package, since it refuses to run as root.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "process/server.h"

namespace lifeboat::test {

class PostgresServer {
 public:
  // Why there can be none here; empty: there can.
  static std::string why_not();
  // Runs once it answers. `hba` replaces pg_hba.conf: "local all all trust" if it is empty.
  // `superuser` is made by initdb.
  explicit PostgresServer(const std::string& superuser = "postgres", const std::string& hba = "");
  ~PostgresServer();

  const std::filesystem::path& socket() const { return folder_; }
  // Runs SQL as `role` on `database`; a test failure unless it succeeds. Returns the bare rows.
  std::string sql(const std::string& database, const std::string& sql,
                  const std::string& role = "") const;
  // `psql` with the connection, for a shell.
  std::string psql(const std::string& database, const std::string& role = "") const;
  void load(const std::string& database, const std::filesystem::path& file) const;
  // Ends it at once, as a crash would.
  void kill() { server_.reset(); }

 private:
  std::filesystem::path folder_;
  std::string superuser_;
  SystemClock clock_;
  std::optional<ChildServer> server_;
};

}  // namespace lifeboat::test
