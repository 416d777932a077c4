// Restored dumps in a PostgreSQL of their own, and what it then says it holds.
#pragma once

#include <string>
#include <vector>

#include "recipe/postgres/client.h"
#include "recipe/postgres/dump_notes.h"
#include "recipe/recipe.h"

namespace lifeboat {

// Loads roles, databases and dumps, stopping at the first fault, and counts every table.
std::vector<ProbeResult> prove_postgres(const RestoredService& restored, ProvingGround& ground,
                                        RecipeContext& context, std::string& why_not);

// One answer: the server counts in `database` what was counted at backup time.
ProbeResult probe_counts(PostgresClient& client, const std::string& database,
                         const std::vector<ListedTable>& expected);
// Why a fault is that of the server at hand and not of the dump: an extension or a locale that it
// lacks. Empty: it is not.
std::string lack_of_server(const Error& error);

}  // namespace lifeboat
