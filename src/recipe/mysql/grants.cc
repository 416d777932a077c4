#include "recipe/mysql/grants.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/format.h"
#include "base/text.h"

namespace lifeboat {
namespace {

constexpr std::array<const char*, 9> own_accounts{"root",
                                                  "mysql",
                                                  "mariadb.sys",
                                                  "mysql.sys",
                                                  "mysql.session",
                                                  "mysql.infoschema",
                                                  "debian-sys-maint",
                                                  "healthcheck",
                                                  "PUBLIC"};

struct Account {
  std::string name;  // quoted for SQL
  bool is_role = false;
};

std::vector<Account> list_accounts(MysqlServer& server) {
  const bool is_mariadb = server.version().family == MysqlFamily::mariadb;
  std::vector<Account> accounts;
  for (const auto& row : server.query(format("SELECT user, host, {} FROM mysql.user ORDER BY 1, 2",
                                             is_mariadb ? "is_role" : "'N'"))) {
    if (row.size() != 3 || row[0].empty()) continue;
    const bool is_own = std::any_of(own_accounts.begin(), own_accounts.end(),
                                    [&](const char* own) { return row[0] == own; });
    if (is_own) continue;
    const bool is_role = row[2] == "Y";
    accounts.push_back(
        {is_role ? quote_name(row[0]) : format("{}@{}", quote_text(row[0]), quote_text(row[1])),
         is_role});
  }
  return accounts;
}

std::string for_twice(const std::string& statement) {
  constexpr std::string_view begin = "CREATE USER ";
  if (!statement.starts_with(begin)) {
    throw Error(ErrorKind::service, "read an account: the server's answer is no CREATE USER");
  }
  return "CREATE USER IF NOT EXISTS " + statement.substr(begin.size());
}

GrantsText make_text(MysqlServer& server) {
  const std::vector<Account> accounts = list_accounts(server);
  GrantsText made;
  made.accounts = accounts.size();
  made.text =
      format("-- Accounts of {}, without root and the server's own.\n", server.version().text);
  std::string ask_users;
  std::string ask_grants;
  // Hashes of MySQL 8 hold bytes that are no text.
  const bool is_mysql_8 =
      server.version().family == MysqlFamily::mysql && server.version().major() >= 8;
  if (is_mysql_8) ask_users = "SET SESSION print_identified_with_as_hex = ON;\n";
  size_t users = 0;
  for (const Account& account : accounts) {
    if (account.is_role) {
      made.text += format("CREATE ROLE IF NOT EXISTS {};\n", account.name);
    } else {
      ask_users += format("SHOW CREATE USER {};\n", account.name);
      ++users;
    }
    ask_grants += format("SHOW GRANTS FOR {};\n", account.name);
  }
  if (accounts.empty()) return made;
  const auto created = users == 0 ? decltype(server.query(""))() : server.query(ask_users);
  if (created.size() != users) {
    throw Error(ErrorKind::service,
                format("read the accounts: {} of {} were shown", created.size(), users));
  }
  for (const auto& row : created) made.text += for_twice(row.at(0)) + ";\n";
  for (const auto& row : server.query(ask_grants)) made.text += row.at(0) + ";\n";
  return made;
}

}  // namespace

GrantsText read_grants(MysqlServer& server) {
  try {
    return with_context("read accounts and rights", [&] { return make_text(server); });
  } catch (Error& error) {
    error.add_hint("Give the user SELECT on mysql.*, or set 'grants: false' to go without them.");
    throw;
  }
}

uint64_t count_accounts(std::string_view text) {
  uint64_t count = 0;
  for (const std::string& line : split(text, '\n')) {
    if (line.starts_with("CREATE USER ") || line.starts_with("CREATE ROLE ")) ++count;
  }
  return count;
}

}  // namespace lifeboat
