// Accounts and their rights as SQL text: a dump of a database holds none of them.
#pragma once

#include <cstdint>
#include <string>

#include "recipe/mysql/server.h"

namespace lifeboat {

struct GrantsText {
  std::string text;
  uint64_t accounts = 0;  // users and roles
};

// CREATE USER (or ROLE) and GRANT statements that can be run twice, without the server's own
// accounts and root, whose loss or change would lock the restored server. Throws Error(service)
// with a hint if the user may not read accounts.
GrantsText read_grants(MysqlServer& server);

// How many accounts such a text makes.
uint64_t count_accounts(std::string_view text);

}  // namespace lifeboat
