// A MariaDB or MySQL server, spoken to through its own client programs.
//
// The programs and not a library: they come with the server (in its container always), speak each
// of its ways to log in, and a dump that stock tools restore is made by the stock tool. Flags are
// chosen by what the program says it knows: MySQL's flags are fatal to MariaDB's program, and the
// other way round.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "recipe/mysql/access.h"
#include "recipe/mysql/sql_text.h"
#include "recipe/recipe.h"

namespace lifeboat {

// What is needed of the server: to read, or to replace a database.
enum class MysqlRights { backup, restore };

// Options of every recipe that dumps such a server.
std::vector<OptionSpec> mysql_server_options();

class MysqlServer {
 public:
  // With `login` (--user, --socket ...) for every program. Finds the programs and asks the server.
  // Throws Error(service).
  MysqlServer(std::unique_ptr<ProgramAccess> access, std::vector<std::string> login,
              std::chrono::seconds timeout);
  // The server that a service names. Its container, if it has one, goes to `container`.
  static std::unique_ptr<MysqlServer> connect(const Service& service, RecipeContext& context,
                                              MysqlRights rights,
                                              std::optional<DockerDetails>& container);

  // The rows of all results of `sql`, a NULL as the word NULL.
  std::vector<std::vector<std::string>> query(const std::string& sql);
  // One database as SQL text, without CREATE DATABASE, so that it loads under any name.
  std::unique_ptr<Source> dump(const std::string& database,
                               const std::vector<std::string>& left_out_tables);
  // Runs SQL from where `file` stands, in `database` if it is not empty. `keep_going`: over errors,
  // which are not told then.
  void load(std::shared_ptr<const UniqueFd> file, const std::string& database,
            bool keep_going = false);

  const MysqlVersion& version() const { return version_; }
  const std::string& version_text() const { return version_text_; }
  const MysqlVersion& client_version() const { return client_version_; }
  // "mariadb-dump (MariaDB 10.11.19) on this host"
  std::string client_text() const;
  // Errors are explained as those of a restore.
  void set_restoring() { is_restoring_ = true; }

 private:
  void find_programs();
  std::vector<std::string> words(const std::string& program) const;
  bool dump_knows(std::string_view option) const;
  bool client_knows(std::string_view option) const;
  std::string run(std::vector<std::string> argv, ProgramInput input);
  std::string help_of(const std::string& program);

  std::unique_ptr<ProgramAccess> access_;
  std::vector<std::string> login_;
  std::chrono::seconds timeout_;
  bool is_restoring_ = false;
  std::string client_;  // "mariadb" or "mysql"
  std::string dump_;    // "mariadb-dump" or "mysqldump"
  std::string client_help_;
  std::string dump_help_;
  MysqlVersion client_version_;
  MysqlVersion version_;
  std::string version_text_;
};

// Adds what a person can do to an error of such a program, by what it said.
void explain_mysql_error(Error& error, bool is_restoring);

// Opens a dump behind the line that enters the sandbox, which older clients and MySQL's refuse.
std::shared_ptr<const UniqueFd> open_dump(const std::filesystem::path& path);

}  // namespace lifeboat
