// Restored dumps loaded into a server of their own, which is then asked what it holds.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "recipe/mysql/server.h"
#include "recipe/recipe.h"

namespace lifeboat {

// What a recipe that builds on this asks besides.
using MoreQuestions = std::function<void(MysqlServer& server, std::vector<ProbeResult>& answers)>;

// For Recipe::prove().
std::vector<ProbeResult> prove_mysql(const RestoredService& restored, ProvingGround& ground,
                                     RecipeContext& context, std::string& why_not,
                                     const MoreQuestions& more = {});

// Makes `database` with the character set that the facts tell of it, under the name `as`.
void create_database(MysqlServer& server, const Facts& facts, const std::string& database,
                     const std::string& as);
// Table by table, what `as` holds in other numbers than the facts tell of `database`; empty if all
// are right.
std::vector<std::string> compare_counts(MysqlServer& server, const Facts& facts,
                                        const std::string& database, const std::string& as);

}  // namespace lifeboat
