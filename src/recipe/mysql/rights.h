// What a dump would leave out without a word: without the right TRIGGER a server shows no trigger,
// and without a right to read routines none of those, and the dump program ends well. (Views and
// events it refuses aloud.)
#pragma once

#include <string>
#include <vector>

#include "recipe/mysql/sql_text.h"

namespace lifeboat {

// For Facts.missing: what of `database` a user with these rows of SHOW GRANTS cannot see. Nothing
// where roles of MySQL may add rights that it does not show.
std::vector<std::string> unseen_objects(const std::vector<std::vector<std::string>>& grants,
                                        const std::string& database, MysqlFamily family);

}  // namespace lifeboat
