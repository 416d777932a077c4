// The workflows as n8n's public REST API shows them: a second witness beside the database.
// https://docs.n8n.io/api/api-reference/ (GET /workflows)
#pragma once

#include <map>
#include <memory>
#include <string>

#include "base/secret.h"
#include "recipe/recipe.h"
#include "recipe/scratch_file.h"

namespace lifeboat {

struct RestExport {
  std::shared_ptr<ScratchFile> content;      // a JSON array
  std::map<std::string, std::string> names;  // by id
};

// Pages through all workflows. Throws Error(service) with a hint if n8n does not answer or does
// not accept the key.
RestExport fetch_workflows(const std::string& url, const Secret& api_key, RecipeContext& context);

// Asks for one workflow, as the export would: throws as fetch_workflows does.
void check_workflows_api(const std::string& url, const Secret& api_key, RecipeContext& context);

// Sentences on what differs between the two witnesses; at most ten and a count.
std::vector<std::string> compare_workflows(const std::map<std::string, std::string>& in_database,
                                           const std::map<std::string, std::string>& by_rest);

}  // namespace lifeboat
